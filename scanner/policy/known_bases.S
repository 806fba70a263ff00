# patterns/known-bases.tsv, as read-only data of the library.
    .section .rodata
    .global stratascan_known_bases_begin
    .global stratascan_known_bases_end
    .hidden stratascan_known_bases_begin
    .hidden stratascan_known_bases_end
stratascan_known_bases_begin:
    .incbin STRATASCAN_KNOWN_BASES
stratascan_known_bases_end:
    .section .note.GNU-stack,"",%progbits
