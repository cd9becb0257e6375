#!/bin/sh
# Fetches the modules of VERSIONS anew: npm packs each package, the needed file and its licence are taken out, and the
# bare names by which these modules import one another become relative paths (a browser resolves bare names only with
# an import map, which the content policy of our pages does not allow). Nothing else is changed.
set -eu
cd "$(dirname "$0")"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
while read -r package version source file; do
    case "$package" in '' | '#'*) continue ;; esac
    folder="$work/$file"
    mkdir "$folder"
    archive="$(cd "$work" && npm pack --silent "$package@$version")"
    tar -xzf "$work/$archive" -C "$folder" --strip-components 1
    sed -e 's|"preact/hooks"|"./hooks.js"|g' \
        -e 's|"preact"|"./preact.js"|g' \
        -e 's|"@preact/signals-core"|"./signals-core.js"|g' \
        -e '/^\/\/# sourceMappingURL=/d' "$folder/$source" >"$file"
    cp "$folder/LICENSE" "LICENSE.${file%.js}"
done <VERSIONS
rm LICENSE.hooks
