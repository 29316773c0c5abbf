(method name: (_) @name @open "end" @close) @definition.method
(method name: (_) @name parameters: (_) @open "end" @close) @definition.method
(method name: (_) @name "=" @open body: (_) @body) @definition.method
(singleton_method name: (_) @name @open "end" @close) @definition.method
(singleton_method name: (_) @name parameters: (_) @open "end" @close) @definition.method
(singleton_method name: (_) @name "=" @open body: (_) @body) @definition.method

(class name: (_) @name @open "end" @close) @definition.class
(class name: (_) @name superclass: (_) @open "end" @close) @definition.class
(module name: (_) @name @open "end" @close) @definition.module
(singleton_class value: (_) @name @open "end" @close) @definition.class

(assignment left: (constant) @name) @definition.constant
(program (assignment right: (_) @value))
(body_statement (assignment left: (constant) right: (_) @value))
; Calls that read like declarations keep their first line: `scope`, `has_many`, `describe`.
(program (call) @value)
(body_statement (call block: (_)) @value)
(program [(while) (until) (for) (begin)] @value)
(comment) @comment
