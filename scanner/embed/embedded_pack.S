# The compiled rules and databases, as read-only data of the program.
    .section .rodata
    .balign 64
    .global stratascan_pack_begin
    .global stratascan_pack_end
    .hidden stratascan_pack_begin
    .hidden stratascan_pack_end
stratascan_pack_begin:
    .incbin STRATASCAN_PACK
stratascan_pack_end:
    .section .note.GNU-stack,"",@progbits
