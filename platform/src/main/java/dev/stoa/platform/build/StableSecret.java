package dev.stoa.platform.build;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A secret that a framework insists on: made in the app's first build, and the same in all that follow. */
final class StableSecret {
    private StableSecret() {}

    /** 64 characters of hexadecimal, by the name of a file in the app's cache; empty where it cannot be kept. */
    static Optional<String> of(BuildContext context, String name) throws InterruptedException {
        String file = DependencyCache.quote(context.cache(name).toString());
        return context.ask("""
                        umask 077
                        [ -s %1$s ] || od -An -N32 -tx1 /dev/urandom | tr -d ' \\n' > %1$s
                        cat %1$s
                        """.formatted(file), Map.of(), List.of())
                .flatMap(lines -> lines.stream().findFirst())
                .filter(line -> line.matches("[0-9a-f]{64}"));
    }
}
