"""All-or-nothing writes over several repositories. The only package that writes into one."""
