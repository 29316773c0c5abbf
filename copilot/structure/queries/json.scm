; Keys of the two upper levels.
(document (object (pair key: (string) @name ":" @open) @definition.key))
(document (object (pair value: (object (pair key: (string) @name ":" @open) @definition.key))))

; A long list keeps its first element, a long value of the third level its first line.
(array . (_) @sample) @data
(document [
  (object (pair value: [
    (object (pair value: [
      (object (pair value: (object) @data))
      (array . (object) @data)]))
    (array . [
      (object (pair value: (object) @data))
      (array . (object) @data)])]))
  (array . [
    (object (pair value: [
      (object (pair value: (object) @data))
      (array . (object) @data)]))
    (array . [
      (object (pair value: (object) @data))
      (array . (object) @data)])])])
(comment) @comment
