package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Procfile;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Shell;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Which of the programs that a build made is the web process. */
final class MainProgram {
    /** As people call the program that serves. */
    private static final List<String> USUAL = List.of("web", "server", "api", "app", "http", "main");

    private static final String WORKER = "worker";

    private MainProgram() {}

    /**
     * Commands by process type: the web process, and a program that is called {@code worker}. Others may be tools that
     * end at once, so nothing starts them by itself.
     *
     * @param programs  names of the programs, which stand in bin/
     * @param preferred names that the project says stand for itself, the best first
     * @param before    what comes before the web process's program in its command
     */
    static Map<String, String> guesses(List<String> programs, List<String> preferred, String before) {
        Map<String, String> guesses = new TreeMap<>();
        web(programs, preferred).ifPresent(web -> {
            guesses.put("web", before + "bin/" + Shell.quoteIfNeeded(web));
            if (!web.equals(WORKER) && programs.contains(WORKER)) {
                guesses.put(WORKER, "bin/" + WORKER);
            }
        });
        return guesses;
    }

    private static Optional<String> web(List<String> programs, List<String> preferred) {
        if (programs.size() == 1) {
            return Optional.of(programs.getFirst());
        }
        List<String> besidesWorkers =
                programs.stream().filter(name -> !name.equals(WORKER)).toList();
        return Stream.concat(preferred.stream(), USUAL.stream())
                .filter(programs::contains)
                .findFirst()
                .or(() -> besidesWorkers.size() == 1 ? Optional.of(besidesWorkers.getFirst()) : Optional.empty());
    }

    /** Says what there is to run, where nothing says which of it serves. */
    static void mustBeClear(BuildContext context, List<String> programs, Map<String, String> guesses) {
        boolean said = context.source().has(Procfile.NAME)
                || context.source().manifest().processes().values().stream()
                        .anyMatch(p -> p.command().isPresent());
        if (guesses.isEmpty() && !said && !programs.isEmpty()) {
            throw new StoaException(
                    ErrorCode.BUILD_FAILED,
                    "the build made %d programs, and nothing says which of them serves: %s"
                            .formatted(programs.size(), String.join(", ", programs)),
                    "write a Procfile with a line such as:  web: bin/" + programs.getFirst());
        }
    }
}
