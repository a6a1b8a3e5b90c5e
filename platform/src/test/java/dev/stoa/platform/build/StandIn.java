package dev.stoa.platform.build;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A folder of programs that stand in for tools that cannot be had where the tests run. Each writes down how it was called,
 * and then does what its script says.
 */
final class StandIn {
    private final Path folder;
    private final Path calls;

    StandIn(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder);
        this.calls = folder.resolve("calls.txt");
    }

    Path program(String name, String script) throws IOException {
        Path program = folder.resolve(name);
        Files.writeString(program, "#!/bin/sh\necho \"%s $*\" >> %s\n%s\n".formatted(name, calls, script));
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        return program;
    }

    /** The tests' environment with these programs before all others. */
    Map<String, String> environment() {
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.put("PATH", folder + ":" + environment.get("PATH"));
        return environment;
    }

    /** How the programs were called, in order. */
    List<String> calls() throws IOException {
        return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
    }
}
