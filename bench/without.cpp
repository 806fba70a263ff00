// Takes one decoding pass out of the program that it is linked into, for passes.py: WITHOUT_CONSTANTS,
// WITHOUT_CONTAINERS or WITHOUT_ENCODINGS is defined. The linker's --wrap leads calls of a function
// here (see CMakeLists.txt); by the labels below, which would not link if it had another type.
#include <string_view>
#include <vector>

#include "scanner/layer/hit_finder.hpp"
#include "scanner/nested/recognise.hpp"

namespace stratascan {

#if defined(WITHOUT_ENCODINGS)

// Without the places where something encoded may begin no view is made, and no container in one.
Result<void> real_find(layer::HitFinder* finder, const layer::Window& window, bool programs,
                       std::vector<match::Hit>& hits, views::HintPlaces* encoded)
    asm("__real_" WRAPPED);
Result<void> find(layer::HitFinder* finder, const layer::Window& window, bool programs,
                  std::vector<match::Hit>& hits, views::HintPlaces* encoded)
    asm("__wrap_" WRAPPED);

Result<void> find(layer::HitFinder* finder, const layer::Window& window, bool programs,
                  std::vector<match::Hit>& hits, views::HintPlaces*) {
    return real_find(finder, window, programs, hits, nullptr);
}

#else

nested::Format real_recognise(std::string_view head) asm("__real_" WRAPPED);
nested::Format recognise(std::string_view head) asm("__wrap_" WRAPPED);

nested::Format recognise(std::string_view head) {
#if defined(WITHOUT_CONSTANTS)
    constexpr bool constants = true;
#else
    constexpr bool constants = false;
#endif
    const nested::Format format = real_recognise(head);
    return nested::has_constants(format) == constants ? nested::Format::none : format;
}

#endif

}  // namespace stratascan
