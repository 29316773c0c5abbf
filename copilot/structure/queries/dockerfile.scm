(from_instruction as: (image_alias) @name) @definition.stage
(from_instruction (image_spec) @name !as) @definition.stage
(arg_instruction name: (_) @name) @definition.variable
(env_pair name: (_) @name) @definition.variable

(source_file [
  (run_instruction) (env_instruction) (copy_instruction) (add_instruction) (label_instruction)
  (cmd_instruction) (entrypoint_instruction) (healthcheck_instruction)] @value)
(comment) @comment
