; Functions of a module, a class or an instance; those under a `where` are part of a body.
(declarations [
  (function name: [(variable) @name (prefix_id (_) @name)] patterns: (_) @open)
  (function (infix operator: [(operator) @name (infix_id (_) @name)]) @open)
  (bind name: [(variable) (prefix_id)] @name @open)] @body @definition.function)
(class_declarations [
  (function name: [(variable) @name (prefix_id (_) @name)] patterns: (_) @open)
  (function (infix operator: [(operator) @name (infix_id (_) @name)]) @open)
  (bind name: [(variable) (prefix_id)] @name @open)] @body @definition.function)
(instance_declarations [
  (function name: [(variable) @name (prefix_id (_) @name)] patterns: (_) @open)
  (function (infix operator: [(operator) @name (infix_id (_) @name)]) @open)
  (bind name: [(variable) (prefix_id)] @name @open)] @body @definition.function)
(declarations (signature name: [(variable) @name (prefix_id (_) @name)]) @definition.function)
(declarations (signature names: (binding_list name: (_) @name)) @definition.function)
(class_declarations (signature name: [(variable) @name (prefix_id (_) @name)]) @definition.function)
(class_declarations (signature names: (binding_list name: (_) @name)) @definition.function)
(foreign_import (signature name: (_) @name)) @definition.function

; A type signature and its equations, or two equations: one function.
([(signature name: [(variable) @_name (prefix_id (_) @_name)])
  (function name: [(variable) @_name (prefix_id (_) @_name)])
  (function (infix operator: [(operator) @_name (infix_id (_) @_name)]))]
  . [
  (function name: [(variable) @_next (prefix_id (_) @_next)])
  (function (infix operator: [(operator) @_next (infix_id (_) @_next)]))
  (bind name: (_) @_next)] @again (#eq? @_name @_next))

(data_type name: (_) @name constructors: (_) @body) @definition.struct
(data_type name: (_) @name constructors: (data_constructors
  . (data_constructor (record name: (_) @open fields: (_) @body)) .)) @definition.struct
(data_type name: (_) @name) @definition.struct
(newtype name: (_) @name constructor: (newtype_constructor field: (record) @body)) @definition.struct
(newtype name: (_) @name) @definition.struct
(data_constructor constructor: (record name: (_) @name @open)) @definition.field
(data_constructor constructor: (prefix name: (_) @name)) @definition.field
(data_constructor constructor: (infix operator: (_) @name)) @definition.field
(gadt_constructor name: (_) @name) @definition.field
(newtype_constructor name: (_) @name @open) @definition.field
(field name: (field_name) @name) @definition.field
(type_synomym name: (_) @name) @definition.type
(type_family name: (_) @name) @definition.type
(data_family name: (_) @name) @definition.type
(pattern_synonym (_ synonym: (_ name: (_) @name))) @definition.function
(class name: (_) @name declarations: (_) @body) @definition.trait
(class name: (_) @name) @definition.trait
(instance name: (_) @name declarations: (_) @body) @definition.impl
(instance name: (_) @name) @definition.impl
(header module: (_) @name @open) @definition.module
[(comment) (haddock)] @comment
