# A thin front to CMake: `make scan` and `make test` are all that a user needs.
SHELL := /bin/bash
EXAMPLE := build/example-image
TARGET ?= $(EXAMPLE)
PRESET := $(if $(CI),ci,release)

CPU_MINUTES ?= 10
JOBS ?= 1

.PHONY: setup setup-example setup-clang build program test scan bench sanitize races fuzz coverage tidy clean

# Installs the Debian packages that are missing, for everything but `fuzz` and `tidy`.
setup:
	@.ci/setup.sh test

# Those of the program and the example image alone.
setup-example:
	@.ci/setup.sh example

# Those as well that only `fuzz` and `tidy` need.
setup-clang:
	@.ci/setup.sh test clang

build: setup
	cmake --preset $(PRESET) -D STRATASCAN_TESTS=ON -D STRATASCAN_BENCH=ON
	cmake --build --preset $(PRESET)

# The program alone, without tests and benchmarks.
program: setup-example
	cmake --preset $(PRESET) -D STRATASCAN_TESTS=OFF -D STRATASCAN_BENCH=OFF
	cmake --build --preset $(PRESET) --target stratascan_program

test: build
	ctest --test-dir build/release --output-on-failure -j 3

# Scans TARGET; by default an image that is built here from real packages.
scan: program $(if $(filter $(EXAMPLE),$(TARGET)),$(EXAMPLE))
	@build/release/stratascan scan $(TARGET) || [ $$? -eq 1 ]

$(EXAMPLE): | setup-example
	python3 fixtures/debian_image.py $@

# Standard output has figures alone.
bench:
	@$(MAKE) --no-print-directory build >&2
	@bench/run.sh build/release

# The whole test suite under AddressSanitizer and UndefinedBehaviorSanitizer.
sanitize: setup
	cmake --preset release
	nice cmake --build --preset release --target compile_patterns
	cmake --preset asan-ubsan
	cmake --build --preset asan-ubsan
	LSAN_OPTIONS=suppressions=$(CURDIR)/.ci/lsan.supp:print_suppressions=0 \
	    ctest --test-dir build/asan-ubsan --output-on-failure -j 2

# The concurrent parts under ThreadSanitizer: threads that scan, sandboxed ones, slabs between
# reader and scanners, the registry's client, the store's writer, sweeps. Other tests run the program
# as well, with threads that do the same.
RACES := Determinism|Sweep|SharedStore|SharedResults|KeptResults|HttpStop|Registry|BlobBuffer|BlobStream|HostGate|Sandbox|SecretKey|Store\.|SignalFaults
races: setup
	cmake --preset release
	nice cmake --build --preset release --target compile_patterns
	.ci/tsan-tbb.sh $(CURDIR)/build/tsan-tbb
	cmake --preset tsan
	nice cmake --build --preset tsan --target unit_tests e2e_tests stratascan_program
	TSAN_OPTIONS=suppressions=$(CURDIR)/.ci/tsan.supp \
	    ctest --test-dir build/tsan --output-on-failure -j 2 -R '$(RACES)'

# Every fuzz target under clang's libFuzzer for CPU_MINUTES of processor time, JOBS at once. It
# goes on where it was stopped.
fuzz: setup-clang
	cmake --preset release
	nice cmake --build --preset release --target compile_patterns
	cmake --preset fuzz
	nice cmake --build --preset fuzz
	nice tests/fuzz/campaign.py --minutes $(CPU_MINUTES) --jobs $(JOBS)

# Lines of the parsers that unit tests and the seeds of fuzz targets reach; the table is
# bench/coverage.md.
coverage: setup
	cmake --preset release
	nice cmake --build --preset release --target compile_patterns
	cmake --preset coverage
	nice cmake --build --preset coverage
	nice tests/coverage.py build/coverage --table bench/coverage.md

# clang-tidy 19 over scanner/; the list of checks and why some are off is .clang-tidy. It goes on
# where it was stopped.
tidy: setup-clang
	cmake --preset tidy
	nice tests/tidy.py build/tidy --jobs $(JOBS)

clean:
	rm -rf build
