package dev.stoa.platform.build;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What the machine that tests has installed. */
final class Programs {
    private Programs() {}

    static boolean present(String... names) {
        return Stream.of(names)
                .allMatch(name -> Stream.of(System.getenv("PATH").split(":", -1))
                        .anyMatch(folder -> Files.isExecutable(Path.of(folder, name))));
    }
}
