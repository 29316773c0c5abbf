; Keys of the two upper levels.
(document (block_node (block_mapping
  (block_mapping_pair key: (_) @name ":" @open) @definition.key)))
(document (block_node (block_mapping (block_mapping_pair value: (block_node (block_mapping
  (block_mapping_pair key: (_) @name ":" @open) @definition.key))))))

; A long list keeps its first element; a long value of the third level goes.
(block_sequence . (block_sequence_item) @sample) @data
(flow_sequence . (flow_node) @sample) @data
(flow_mapping) @data
(block_scalar) @data
(document (block_node [
  (block_mapping (block_mapping_pair value: (block_node [
    (block_mapping (block_mapping_pair value: (block_node [
      (block_mapping (block_mapping_pair value: (block_node (block_mapping) @data)))
      (block_sequence . (block_sequence_item (block_node (block_mapping) @data)))])))
    (block_sequence . (block_sequence_item (block_node [
      (block_mapping (block_mapping_pair value: (block_node (block_mapping) @data)))
      (block_sequence . (block_sequence_item (block_node (block_mapping) @data)))])))])))
  (block_sequence . (block_sequence_item (block_node [
    (block_mapping (block_mapping_pair value: (block_node [
      (block_mapping (block_mapping_pair value: (block_node (block_mapping) @data)))
      (block_sequence . (block_sequence_item (block_node (block_mapping) @data)))])))
    (block_sequence . (block_sequence_item (block_node (block_mapping) @data)))])))]))
(comment) @comment
