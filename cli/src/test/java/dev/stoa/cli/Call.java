package dev.stoa.cli;

import dev.stoa.api.Json;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;

/** Calls the command line inside the test's own JVM, an hour after what the fake platform tells of. */
final class Call {
    private final Map<String, String> variables = new HashMap<>();
    private final Path folder;
    private String typed = "";
    private Set<String> ttys = Set.of();

    private Call(Path folder) {
        this.folder = folder;
        variables.put("STOA_HOME", folder.resolve("stoa-home").toString());
    }

    static Call in(Path folder) {
        return new Call(folder);
    }

    Call to(FakePlatform platform) {
        return with("STOA_URL", platform.url()).with("STOA_TOKEN", FakePlatform.TOKEN);
    }

    Call with(String variable, String value) {
        variables.put(variable, value);
        return this;
    }

    /** As if a person sat at a terminal and typed this. */
    Call typing(String text) {
        typed = text;
        ttys = Set.of("in", "out", "err");
        return this;
    }

    record Result(int status, String out, String err) {
        String lastLine() {
            return out.lines().reduce((first, second) -> second).orElse("");
        }

        /** stdout, which must be one JSON document. */
        JsonNode json() {
            return Json.MAPPER
                    .reader()
                    .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .readTree(out);
        }
    }

    Result stoa(String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Terminal terminal = new Terminal(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                new ByteArrayInputStream(typed.getBytes(StandardCharsets.UTF_8)),
                ttys,
                false);
        Clock clock = Clock.fixed(FakePlatform.NOW.plus(Duration.ofHours(1)), ZoneOffset.UTC);
        int status = new Cli(new Environment(variables, folder, clock), terminal).run(args);
        return new Result(status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }
}
