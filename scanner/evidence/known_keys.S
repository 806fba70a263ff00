# patterns/known-keys.tsv, as read-only data of the library.
    .section .rodata
    .balign 64
    .global stratascan_known_keys_begin
    .global stratascan_known_keys_end
    .hidden stratascan_known_keys_begin
    .hidden stratascan_known_keys_end
stratascan_known_keys_begin:
    .incbin STRATASCAN_KNOWN_KEYS
stratascan_known_keys_end:
    .section .note.GNU-stack,"",@progbits
