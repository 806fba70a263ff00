# sample.bin, as read-only data of the library.
    .section .rodata
    .balign 64
    .global stratascan_sample_begin
    .global stratascan_sample_end
    .hidden stratascan_sample_begin
    .hidden stratascan_sample_end
stratascan_sample_begin:
    .incbin STRATASCAN_SAMPLE
stratascan_sample_end:
    .section .note.GNU-stack,"",@progbits
