package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** npm's lock file. */
record PackageLock(String file, JsonNode packages) {
    static PackageLock parse(String file, String text) {
        return new PackageLock(file, new JsonFile(file, hint(file)).parse(text).path("packages"));
    }

    /**
     * Whether {@code npm ci} will take it. Where a registry has no package for some other system, npm leaves that one out of
     * the lock file that it writes, and later calls the file incomplete; {@code npm install} installs from it all the same.
     *
     * @throws StoaException when it is of another package.json
     */
    boolean isComplete(PackageJson app) {
        Set<String> there = packages.properties().stream()
                .map(entry -> entry.getKey().replaceFirst("^.*node_modules/", ""))
                .collect(Collectors.toSet());
        boolean complete = packages.valueStream()
                .flatMap(entry -> entry.path("optionalDependencies").propertyNames().stream())
                .allMatch(there::contains);
        if (!complete && !fits(app)) {
            throw new StoaException(ErrorCode.BUILD_FAILED, file + " does not fit package.json", hint(file));
        }
        return complete;
    }

    private boolean fits(PackageJson app) {
        return Stream.of("dependencies", "devDependencies").allMatch(key -> {
            JsonNode locked = packages.path("").path(key);
            JsonNode asked = app.root().path(key);
            return (locked.isEmpty() && asked.isEmpty()) || locked.equals(asked);
        });
    }

    private static String hint(String file) {
        return "run \"npm install\", commit %s, and deploy again".formatted(file);
    }
}
