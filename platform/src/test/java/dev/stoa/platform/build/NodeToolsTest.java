package dev.stoa.platform.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With what npm is called, by a shell that only writes it down. */
class NodeToolsTest {
    private static final String SOCKETS = "npm_config_maxsockets";

    @TempDir
    Path dir;

    @Test
    void npmOpensAFewConnectionsForEachProcessorUnlessTheAppSaysHowMany() throws Exception {
        int few = Math.min(15, 3 * Runtime.getRuntime().availableProcessors());

        assertThat(npm(Map.of(), Map.of())).containsEntry(SOCKETS, String.valueOf(few));
        assertThat(npm(Map.of(".npmrc", "maxsockets=40\n"), Map.of())).doesNotContainKey(SOCKETS);
        assertThat(npm(Map.of(), Map.of(SOCKETS, "50"))).containsEntry(SOCKETS, "50");
    }

    private Map<String, String> npm(Map<String, String> files, Map<String, String> config) throws Exception {
        assumeTrue(Programs.present("node", "npm"), "needs node and npm: apt-get install nodejs npm");
        Workshop workshop = new Workshop(dir.toRealPath());
        workshop.config = config;
        Map<String, String> app = new HashMap<>(files);
        app.put("package.json", "{}");
        app.put("package-lock.json", "{\"lockfileVersion\": 3, \"packages\": {}}");
        app.put("server.js", "");
        Map<String, String> seen = new HashMap<>();
        workshop.build(workshop.source(app), new BuildShell() {
            @Override
            public String slugMount(Path slug) {
                return slug.toString();
            }

            @Override
            public int run(Command command, Consumer<String> lines) {
                if (command.script().startsWith("npm ci")) {
                    seen.putAll(command.env());
                }
                return 0;
            }
        });
        return seen;
    }
}
