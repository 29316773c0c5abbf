"""Model servers behind one protocol. The only package that opens a socket."""
