package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class CloudNativeBuildpacksTest {
    private static final String BUILD = """
            #!/usr/bin/env bash
            set -euo pipefail
            layer="$CNB_LAYERS_DIR/server"
            if [ -f "$layer/server.py" ]; then echo "the layer is there, with $(grep n "$layer.toml")"; fi
            mkdir -p "$layer/bin" "$layer/env.launch" "$layer/exec.d"
            cp server.py "$layer/"
            ln -sf "$layer/server.py" "$layer/bin/shop server"
            printf 'from the layer' > "$layer/env.launch/GREETING.default"
            printf '#!/bin/sh\\necho "STARTED = \\\\"by exec.d\\\\"" >&3\\n' > "$layer/exec.d/start"
            printf '[types]\\nlaunch = true\\ncache = true\\n[metadata]\\nn = 7\\n' > "$layer.toml"
            chmod +x server.py "$layer/server.py" "$layer/exec.d/start"
            echo "secret: ${BUILD_SECRET-none}; other: ${OTHER-none}"
            cat > "$CNB_LAYERS_DIR/launch.toml" <<EOF
            [[processes]]
            type = "web"
            command = ["shop server"]
            args = ["a b"]
            default = true
            EOF
            """;

    private static Stoa stoa;

    @BeforeAll
    static void up() {
        stoa = Stoa.up();
    }

    @AfterAll
    static void down() {
        stoa.close();
    }

    @Test
    void anAppIsBuiltByTheBuildpackThatItBringsAndBuiltAgainWithItsLayers() {
        Folder app = app(BUILD);
        Stoa.Result first = stoa.ok("deploy", app.path().toString(), "-a", "pack");

        assertThat(first.err() + first.out())
                .contains("Building with acme/shop@0.1.0", "web: 'shop server' 'a b'", "secret: none; other: none")
                .doesNotContain("the layer is there");
        assertThat(stoa.get("pack", "/").body()).isEqualTo("from the layer, by exec.d, a b");
        assertThat(stoa.ok("run", "-a", "pack", "--", "sh", "-c", "echo $GREETING; command -v 'shop server'")
                        .out())
                .contains("from the layer", "/.stoa/layers/acme_shop/server/bin/shop server");

        stoa.ok("config", "set", "-a", "pack", "BUILD_SECRET=hunter2hunter2", "OTHER=unasked", "GREETING=from config");
        Stoa.Result second = stoa.ok("deploy", app.path().toString(), "-a", "pack");
        assertThat(second.err() + second.out())
                .contains("the layer is there, with n = 7", "secret: [BUILD_SECRET]; other: none");
        assertThat(stoa.get("pack", "/").body()).isEqualTo("from config, by exec.d, a b");
    }

    @Test
    void aBuildpackThatFailsLeavesTheReleaseBeforeAndIsNamed() {
        stoa.ok("deploy", app(BUILD).path().toString(), "-a", "safe");

        Stoa.Result failed = stoa.fails(
                "deploy", app("#!/bin/sh\necho too bad; exit 6\n").path().toString(), "-a", "safe");

        assertThat(failed.err() + failed.out())
                .contains("too bad", "bin/build of buildpack acme/shop@0.1.0 failed with exit status 6");
        assertThat(stoa.get("safe", "/").body()).isEqualTo("from the layer, by exec.d, a b");
    }

    private static Folder app(String build) {
        String text = "', '.join([os.environ['GREETING'], os.environ['STARTED'], sys.argv[1]])";
        return Folder.empty()
                .with("server.py", "#!/usr/bin/env python3\n" + Folder.serverOf("(" + text + ")"))
                .with("stoa.toml", "[build]\nbuildpacks = [\"./my-buildpack\"]\nenv = [\"BUILD_SECRET\"]\n")
                .with("my-buildpack/buildpack.toml", """
                        api = "0.10"
                        [buildpack]
                        id = "acme/shop"
                        version = "0.1.0"
                        """)
                .withProgram("my-buildpack/bin/detect", "#!/bin/sh\n[ -f server.py ] || exit 100\n")
                .withProgram("my-buildpack/bin/build", build);
    }
}
