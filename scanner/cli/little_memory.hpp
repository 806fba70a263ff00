// What the program does where memory runs out. Its own code throws std::bad_alloc, and main()
// tells of it. Libraries do other things: some end the process with an exit code of their
// own, some throw where nothing can catch it, some read through a null pointer. Each of
// these ends here with a message and exit code 3 as well: a run that says nothing must not
// look like one that found nothing.
#pragma once

namespace stratascan::cli {

/// Says once that memory ran out, without asking for any; gives exit_failed.
int out_of_memory() noexcept;

/// To be called before anything else, by the only thread. May end the process.
void prepare_for_little_memory();

/// main() is about to return this code: from here on exit() is no library's, and what fails
/// while all is taken down changes it no more.
void end_with(int code) noexcept;

}  // namespace stratascan::cli
