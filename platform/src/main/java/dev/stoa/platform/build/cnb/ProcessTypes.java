package dev.stoa.platform.build.cnb;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.build.cnb.LaunchToml.Start;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Says which of an app's process types each process of launch.toml is. */
final class ProcessTypes {
    private static final String WEB = "web";
    private static final String RELEASE = "release";
    private static final int NAME_CHARS_MAX = 40;

    private ProcessTypes() {}

    /**
     * By process type. The default process is {@code web} where no process has that name, since it is what an image would
     * run; others that do the same as {@code web} are left out, since all types are started.
     */
    static Map<String, Start> of(Map<String, Start> starts, Workbench bench) {
        Map<String, Start> types = new LinkedHashMap<>();
        Optional<Start> web = Optional.ofNullable(starts.get(WEB))
                .or(() -> starts.values().stream().filter(Start::standard).reduce((_, last) -> last));
        web.ifPresent(start -> {
            types.put(WEB, start);
            bench.detail("web: " + LaunchScript.readable(start)
                    + (start.type().equals(WEB) ? "" : " (the default process, \"%s\")".formatted(start.type())));
        });
        new TreeMap<>(starts).forEach((name, start) -> {
            if (web.filter(start::equals).isPresent()) {
                return;
            }
            if (web.filter(start::doesTheSameAs).isPresent()) {
                bench.detail("%s: left out, it does the same as web".formatted(name));
                return;
            }
            if (name.equals(RELEASE)) {
                bench.detail(
                        "release: left out; to run it once for each release, write under [release] in stoa.toml:  command = \"%s\""
                                .formatted(LaunchScript.command(RELEASE)));
                return;
            }
            String type = named(name);
            Start other = types.put(type, start);
            if (other != null) {
                throw new StoaException(
                        ErrorCode.BUILD_FAILED,
                        "the processes \"%s\" and \"%s\" of launch.toml would both be process type %s"
                                .formatted(other.type(), name, type),
                        "the buildpacks must give them names that differ in letters or digits");
            }
            bench.detail("%s: %s".formatted(type, LaunchScript.readable(start)));
        });
        return types;
    }

    /** Process types have small letters, digits and hyphens. */
    private static String named(String name) {
        String plain = name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "-");
        String started = Character.isLetter(plain.charAt(0)) ? plain : "p-" + plain;
        return started.substring(0, Math.min(NAME_CHARS_MAX, started.length()));
    }
}
