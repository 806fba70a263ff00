# Writes OUTPUT: a hash of all sources below SOURCE/scanner that a layer's result depends
# on. Stored results are known by it, and a change of the engine makes them anew.
file(GLOB_RECURSE files RELATIVE ${SOURCE} ${SOURCE}/scanner/*.cpp ${SOURCE}/scanner/*.hpp
     ${SOURCE}/scanner/*.S)
list(FILTER files EXCLUDE REGEX "^scanner/(cli|lint|policy|registry|report|store|sweep)/")
# The form in which they are stored.
list(APPEND files scanner/store/fields.hpp scanner/store/parts.cpp)
list(SORT files)
set(all "")
foreach(file IN LISTS files)
    file(SHA256 ${SOURCE}/${file} hash)
    string(APPEND all "${file} ${hash}\n")
endforeach()
string(SHA256 revision "${all}")
file(WRITE ${OUTPUT} "namespace stratascan {
extern const char* const engine_revision;
const char* const engine_revision = \"${revision}\";
}  // namespace stratascan
")
