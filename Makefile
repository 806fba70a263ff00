# A thin front to CMake: `make scan` and `make test` are all that a user needs.
SHELL := /bin/bash
EXAMPLE := build/example-image
TARGET ?= $(EXAMPLE)
PRESET := $(if $(CI),ci,release)

.PHONY: setup build test scan bench sanitize clean

# Installs the Debian packages that are missing.
setup:
	@.ci/setup.sh

build: setup
	cmake --preset $(PRESET)
	cmake --build --preset $(PRESET)

test: build
	ctest --test-dir build/release --output-on-failure -j 3

# Scans TARGET; by default an image that is built here from real packages.
scan: build $(if $(filter $(EXAMPLE),$(TARGET)),$(EXAMPLE))
	@build/release/stratascan scan $(TARGET) || [ $$? -eq 1 ]

$(EXAMPLE): | setup
	python3 fixtures/debian_image.py $@

# Standard output has figures alone.
bench:
	@$(MAKE) --no-print-directory build >&2
	@bench/run.sh build/release

# The whole test suite under AddressSanitizer and UndefinedBehaviorSanitizer.
sanitize: setup
	cmake --preset asan-ubsan
	cmake --build --preset asan-ubsan
	ctest --test-dir build/asan-ubsan --output-on-failure -j 2

clean:
	rm -rf build
