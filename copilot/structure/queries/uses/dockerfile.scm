; An image, or a stage that another begins with.
(from_instruction (image_spec) @import)
