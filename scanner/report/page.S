# Style and script of the HTML report, as read-only data of the library.
    .section .rodata
    .global stratascan_page_css_begin
    .global stratascan_page_css_end
    .global stratascan_page_js_begin
    .global stratascan_page_js_end
    .hidden stratascan_page_css_begin
    .hidden stratascan_page_css_end
    .hidden stratascan_page_js_begin
    .hidden stratascan_page_js_end
stratascan_page_css_begin:
    .incbin STRATASCAN_PAGE_CSS
stratascan_page_css_end:
stratascan_page_js_begin:
    .incbin STRATASCAN_PAGE_JS
stratascan_page_js_end:
    .section .note.GNU-stack,"",@progbits
