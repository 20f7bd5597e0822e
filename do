#!/usr/bin/env bash
# Everything one does with this repository, over CMake presets and CTest. A command is a function do_NAME; the words
# after its brace are its line in the list that ./do alone prints. Each installs the Debian packages it lacks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
shopt -s nullglob
export REDOUBT_SHARED=${REDOUBT_SHARED:-$PWD/../shared} CTEST_PARALLEL_LEVEL=${CTEST_PARALLEL_LEVEL:-$(nproc)}
example=$REDOUBT_SHARED/data/redo/example-free-23

do_demo() { # build, capture the real redo log (where it lies), then a simulated one, and compare it with the truth
  build release redoubt
  PATH=$PWD/build/release:$PATH
  if [ -d "$example" ]; then
    say "A log written by Oracle 23ai: one table was created, one row inserted and committed"
    show redoubt log info "$example"/arch1_15_*.dbf "$example"/arch1_16_*.dbf
    show redoubt capture --dictionary "$example/schema.json" "$example"/arch1_15_*.dbf "$example"/arch1_16_*.dbf
  else
    say "The real redo log is not here ($example), so the simulator's log has to do"
  fi
  rm -rf build/demo
  say "A simulated database writes redo in Oracle's format and notes what it did; capture must find exactly that"
  show redoubt simulate --seed 1 --transactions 20 --types all build/demo
  show redoubt log verify build/demo/*.dbf
  show redoubt capture --dictionary build/demo/schema.json --tde-keys build/demo/keys.json --output build/demo/rows.jsonl build/demo
  show head -n 3 build/demo/rows.jsonl
  show redoubt simulate --check build/demo/rows.jsonl build/demo
}

do_test() { # build and run every test: units, end to end, against real servers, the commands in the documents
  need build test
  build dev
  ctest --preset dev
}

do_build() { # [PRESET]: build a preset of CMakePresets.json (dev)
  build "${1:-dev}"
}

do_asan() { # run the unit tests under the address and undefined behavior sanitizers
  build asan
  ctest --preset asan
}

do_tsan() { # run the unit tests under the thread sanitizer
  build tsan
  ctest --preset tsan
}

do_bench() { # [NAME]: run the benchmarks, or those whose program name contains NAME
  build release
  local program
  for program in bench/*"${1:-}"*_bench.cc; do
    program=build/release/${program%.cc}
    say "$program"
    "$program"
  done
}

do_fuzz() { # [SECONDS]: run every fuzz target that long (60), a target per core
  need build fuzz
  build fuzz fuzzers
  local targets=(fuzz/*_fuzz.cc)
  printf '%s\n' "${targets[@]%.cc}" | sed '/./s|^|build/fuzz/|' | xargs -r -P "$(nproc)" -n 1 fuzz/run "${1:-60}"
}

do_soak() { # [SEEDS=N]: N databases (200), two readers; N clusters (1000) through faults; killed ledgers; huge transactions
  need build test
  build release redoubt ledger_test
  local seeds=${1-}
  seeds=${seeds#SEEDS=}
  export REDOUBT=$PWD/build/release/redoubt
  python3 tests/round_trip_test.py "${seeds:-200}"
  python3 tests/live_capture_test.py "${seeds:-1000}"
  REDOUBT_KILLS=1000 build/release/tests/ledger_test --gtest_brief=1
  python3 tests/large_transactions_test.py full
  python3 tests/thread_lag_test.py 10GiB
  python3 tests/recovery_test.py large 10GiB
}

do_format() { # [--check]: format the sources in place, or say which are not formatted
  need format
  local how=(-i)
  [ "${1:-}" != --check ] || how=(--dry-run -Werror)
  sources | xargs -0 clang-format-16 "${how[@]}"
}

do_tidy() { # [--changed]: clang-tidy on all sources, or on those changed in the last day, for TIDY_SECONDS at most (600)
  need build tidy
  cmake --preset dev >/dev/null
  local units=(sources '*.cc')
  [ "${1:-}" != --changed ] || units=(changed_units)
  "${units[@]}" | .ci/tidy build/dev "${TIDY_SECONDS:-600}"
}

do_layers() { # check that every room includes only itself and lower floors
  need layers
  python3 .ci/layers.py .
}

do_docs() { # run the commands that README.md and docs/ show, and check their links
  build dev redoubt
  ctest --preset dev -R '^e2e.docs'
}

do_install-deps() { # install every package that any command needs
  need build test layers format tidy fuzz
}

do_clean() { # remove everything that was built
  rm -rf build
}

# --- what the commands are made of ---

say() { printf '\n== %s\n' "$*"; }
show() { printf '\n$ %s\n' "${*//"$PWD/"/}" && "$@"; }
fail() { printf 'do: %s\n' "$*" >&2 && exit 1; }

# build PRESET [TARGET...]
build() {
  need build
  cmake --preset "$1" -D REDOUBT_SHARED="$REDOUBT_SHARED" >/dev/null
  cmake --build --preset "$1" ${2:+--target "${@:2}"}
}

# need PURPOSE...: installs what is missing of cmake/debian-packages. Other systems bring their own packages.
need() {
  command -v dpkg-query >/dev/null || return 0
  local purpose package missing=() root=()
  for purpose; do
    for package in $(sed -n "s/^$purpose: //p" cmake/debian-packages); do
      [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "as root, first run: apt-get install ${missing[*]}"
    root=(sudo)
  fi
  say "Installing ${missing[*]}"
  "${root[@]}" apt-get update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
}

# sources [PATTERN]: the C++ files, each ended by a NUL
sources() {
  find . -path ./build -prune -o \( -name "${1:-*.cc}" -o -name "${1:-*.h}" \) -type f -print0
}

# The .cc files changed in the last day, committed or not, and for a changed header one file that includes it.
changed_units() {
  local git=(git -c safe.directory="$PWD") base file
  base=$("${git[@]}" rev-list -1 --before='24 hours ago' HEAD)
  [ -n "$base" ] || base=$("${git[@]}" hash-object -t tree /dev/null) # all of it is younger
  "${git[@]}" diff --name-only --diff-filter=d "$base" -- '*.cc' '*.h' | while read -r file; do
    case $file in
      *.cc) echo "$file" ;;
      *.h) [ -f "${file%.h}.cc" ] && echo "${file%.h}.cc" ||
        "${git[@]}" grep -l "#include \"$file\"" -- '*.cc' | head -n 1 || true ;;
    esac
  done | sort -u | tr '\n' '\0'
}

usage() {
  echo "usage: ./do COMMAND"
  sed -nE 's/^do_([a-z-]+)\(\) \{ # (.*)/\1\t\2/p' do | while IFS=$'\t' read -r name text; do
    printf '  %-13s %s\n' "$name" "$text"
  done
}

[ $# -gt 0 ] || { usage && exit 0; }
declare -F "do_$1" >/dev/null || { usage >&2 && fail "no command '$1'"; }
"do_$1" "${@:2}"
