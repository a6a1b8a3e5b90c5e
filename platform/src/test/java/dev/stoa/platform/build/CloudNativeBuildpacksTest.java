package dev.stoa.platform.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Manifest;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Builds apps with buildpacks written for the test, by the real programs and the real shell. */
class CloudNativeBuildpacksTest {
    private static final String PASSES = "#!/bin/sh\nexit 0\n";

    @TempDir
    Path dir;

    private Workshop workshop;
    private Path app;

    @BeforeEach
    void workshop() {
        workshop = new Workshop(dir);
        app = workshop.source();
    }

    @Test
    void aBuildpackInTheSourceBuildsTheAppAndSaysHowItStarts() throws Exception {
        buildpack("pack", "acme/shop", PASSES, """
                echo building in "$PWD"
                cat > "$CNB_LAYERS_DIR/launch.toml" <<EOF
                [[processes]]
                type = "web"
                command = ["printf", "[%s]"]
                args = ["a b", "it's \\$HOME", "* ? ;", ""]
                default = true
                EOF
                """);

        Slug slug = build("./pack");

        assertThat(slug.buildpack()).isEqualTo("cloud-native");
        assertThat(slug.processes()).isEqualTo(Map.of("web", ".stoa/launch web"));
        assertThat(workshop.output)
                .contains("       acme/shop@1.0.0: passes", "-----> Building with acme/shop@1.0.0")
                .contains("       building in " + app)
                .contains("       web: printf '[%s]' 'a b' 'it'\\''s $HOME' '* ? ;' ''");
        assertThat(run(slug, "web")).isEqualTo("[a b][it's $HOME][* ? ;][]");
    }

    @Test
    void itsProgramsGetWhatTheBuildpackApiPromises() throws Exception {
        buildpack("pack", "acme/shop", """
                #!/bin/sh
                env | sort > detect.env
                echo "$0|$1|$2" > detect.args
                [ -f "$2" ] && ! [ -s "$2" ]
                """, """
                env | sort > build.env
                echo "$0|$1|$2|$3" > build.args
                ls "$CNB_PLATFORM_DIR/env" > build.platform
                """ + web("true"));

        build("./pack");

        String pack = app + "/pack";
        List<String> detect = lines("detect.env");
        String plan = value(detect, "CNB_BUILD_PLAN_PATH");
        assertThat(detect)
                .contains("CNB_BUILDPACK_DIR=" + pack, "CNB_EXEC_ENV=production", "CNB_TARGET_OS=linux")
                .anyMatch(line -> line.startsWith("CNB_TARGET_ARCH="))
                .noneMatch(line -> line.startsWith("CNB_LAYERS_DIR"));
        assertThat(lines("detect.args"))
                .containsExactly("%s/bin/detect|%s|%s".formatted(pack, value(detect, "CNB_PLATFORM_DIR"), plan));
        List<String> build = lines("build.env");
        assertThat(lines("build.args"))
                .containsExactly("%s/bin/build|%s|%s|%s"
                        .formatted(
                                pack,
                                value(build, "CNB_LAYERS_DIR"),
                                value(build, "CNB_PLATFORM_DIR"),
                                value(build, "CNB_BP_PLAN_PATH")));
        assertThat(value(build, "CNB_LAYERS_DIR")).isEqualTo(app + "/.stoa/layers/acme_shop");
        assertThat(lines("build.platform")).isEmpty();
    }

    @Test
    void configVarsAreInThePlatformsFolderAndInTheEnvironmentUnlessItIsToBeClear() throws Exception {
        workshop.config = Map.of("BP_MODE", "fast\nand 'loose'", "PATH", "/mine");
        String shows = """
                env > "$(basename "$CNB_BUILDPACK_DIR").env"
                cat "$CNB_PLATFORM_DIR/env/BP_MODE" > mode
                """;
        buildpack("open", "acme/open", PASSES, shows);
        buildpack("clear", "acme/clear", PASSES, shows + web("true"));
        Workshop.write(
                app,
                "clear/buildpack.toml",
                "api = \"0.12\"\n[buildpack]\nid = \"acme/clear\"\nversion = \"1.0.0\"\nclear-env = true\n");

        build("./open", "./clear");

        assertThat(lines("open.env"))
                .contains("BP_MODE=fast", "and 'loose'", "PATH=/mine:" + BuildEnvironment.SYSTEM_PATH);
        assertThat(lines("clear.env"))
                .noneMatch(line -> line.startsWith("BP_MODE"))
                .contains("PATH=" + BuildEnvironment.SYSTEM_PATH);
        assertThat(Files.readString(app.resolve("mode"))).isEqualTo("fast\nand 'loose'");
        assertThat(app.resolve(".stoa/cnb")).doesNotExist();
    }

    @Test
    void thePlanBringsRequirementsToTheirProviderAndTheFirstAlternativeThatFitsIsTaken() throws Exception {
        buildpack("node", "acme/node", plan("[[provides]]\nname = \"node\""), """
                cp "$CNB_BP_PLAN_PATH" node.plan
                """);
        buildpack("app", "acme/app", plan("""
                [[requires]]
                name = "deno"
                [[or]]
                [[or.requires]]
                name = "node"
                [or.requires.metadata]
                version = "22"
                launch = true
                """), "cp \"$CNB_BP_PLAN_PATH\" app.plan\n" + web("true"));

        build("./node", "./app");

        assertThat(Files.readString(app.resolve("node.plan"))).isEqualToNormalizingNewlines("""
                        [[entries]]
                        name = "node"

                        [entries.metadata]
                        version = "22"
                        launch = true
                        """);
        assertThat(app.resolve("app.plan")).isEmptyFile();
    }

    @Test
    void whatOneBuildpackLeavesUnmetGoesOnToTheNextThatProvidesIt() throws Exception {
        String provides = plan("[[provides]]\nname = \"jdk\"\n[[provides]]\nname = \"tool\"");
        String keeps = "grep name \"$CNB_BP_PLAN_PATH\" > \"$(basename \"$CNB_BUILDPACK_DIR\").plan\"\n";
        buildpack("one", "acme/one", provides, keeps + """
                printf '[[unmet]]\\nname = "jdk"\\n' > "$CNB_LAYERS_DIR/build.toml"
                """);
        buildpack("two", "acme/two", provides, keeps);
        buildpack("app", "acme/app", plan("[[requires]]\nname = \"jdk\"\n[[requires]]\nname = \"tool\""), web("true"));

        build("./one", "./two", "./app");

        assertThat(lines("one.plan")).containsExactly("name = \"jdk\"", "name = \"tool\"");
        assertThat(lines("two.plan")).containsExactly("name = \"jdk\"");
    }

    @Test
    void buildLayersChangeTheEnvironmentOfTheBuildpacksAfter() throws Exception {
        buildpack("one", "acme/one", PASSES, """
                cd "$CNB_LAYERS_DIR"
                for layer in a b; do
                    mkdir -p $layer/bin $layer/lib $layer/include $layer/pkgconfig $layer/env $layer/env.build $layer/env.launch
                    printf '[types]\\nbuild = true\\n' > $layer.toml
                    printf $layer > $layer/env/ORDER.append
                    printf , > $layer/env/ORDER.delim
                    printf $layer > $layer/env.build/FIRST.prepend
                    printf $layer > $layer/env/LAST
                    printf $layer > $layer/env/KEPT.default
                    printf no > $layer/env.launch/LAUNCH
                done
                mkdir -p c/bin; printf '[types]\\nlaunch = true\\n' > c.toml
                mkdir -p d/bin; touch d.toml
                """);
        buildpack(
                "two",
                "acme/two",
                PASSES,
                "env > two.env; ls \"$CNB_LAYERS_DIR/../acme_one\" > one.ls\n" + web("true"));

        build("./one", "./two");

        String layers = app + "/.stoa/layers/acme_one/";
        assertThat(lines("two.env"))
                .contains("PATH=%1$sa/bin:%1$sb/bin:%2$s".formatted(layers, BuildEnvironment.SYSTEM_PATH))
                .contains("LD_LIBRARY_PATH=%1$sa/lib:%1$sb/lib".formatted(layers))
                .contains("LIBRARY_PATH=%1$sa/lib:%1$sb/lib".formatted(layers))
                .contains("CPATH=%1$sa/include:%1$sb/include".formatted(layers))
                .contains("PKG_CONFIG_PATH=%1$sa/pkgconfig:%1$sb/pkgconfig".formatted(layers))
                .contains("ORDER=a,b", "FIRST=ba", "LAST=b", "KEPT=a")
                .noneMatch(line -> line.startsWith("LAUNCH="));
        assertThat(lines("one.ls")).contains("d.ignore").doesNotContain("d");
    }

    @Test
    void launchLayersMakeTheEnvironmentOfTheProcesses() throws Exception {
        buildpack("one", "acme/one", PASSES, """
                cd "$CNB_LAYERS_DIR"
                mkdir -p run/bin run/lib run/env run/env.launch/web run/env.launch/worker
                printf '[types]\\nlaunch = true\\n' > run.toml
                printf '#!/bin/sh\\necho hello from "$0"\\n' > run/bin/hello; chmod +x run/bin/hello
                printf 'two words' > run/env/GREETING
                printf 'soft' > run/env.launch/MODE.default
                printf 'all' > run/env.launch/WHO.append
                printf '+' > run/env.launch/WHO.delim
                printf 'web' > run/env.launch/web/WHO.append
                mkdir tool; printf '[types]\\nbuild = true\\ncache = true\\n' > tool.toml
                cat > launch.toml <<'EOF'
                [[processes]]
                type = "web"
                command = ["sh", "-c", "hello; echo $GREETING $MODE $WHO $LD_LIBRARY_PATH; pwd"]
                [[processes]]
                type = "worker"
                command = ["sh", "-c", "echo $WHO; pwd"]
                working-dir = "one"
                EOF
                """);

        Slug slug = build("./one");

        String run = app + "/.stoa/layers/acme_one/run";
        assertThat(run(slug, "web"))
                .isEqualTo("hello from %1$s/bin/hello\ntwo words soft all+web %1$s/lib\n%2$s\n".formatted(run, app));
        assertThat(run(slug, "worker")).isEqualTo("all\n%s/one\n".formatted(app));
        assertThat(run(slug, "web", Map.of("MODE", "hard", "WHO", "me"))).contains("two words hard me+all+web");
        assertThat(slug.env())
                .containsEntry("PATH", run + "/bin:" + BuildEnvironment.SYSTEM_PATH)
                .containsEntry("GREETING", "two words");
        assertThat(app.resolve(".stoa/layers/acme_one/tool")).doesNotExist();
    }

    @Test
    void execDProgramsSetVariablesWhenTheProcessStarts() throws Exception {
        buildpack(
                "one",
                "acme/one",
                PASSES,
                """
                cd "$CNB_LAYERS_DIR"
                mkdir -p x/exec.d/web
                printf '[types]\\nlaunch = true\\n' > x.toml
                cat > x/exec.d/a <<'EOF'
                #!/bin/sh
                echo "a runs in $PWD"
                cat >&3 <<'TOML'
                # comment
                PLAIN = "one"   # after
                QUOTED = "it's \\"q\\" \\\\ $HOME `id`\\ttab\\u00e9\\U0001F600"
                LITERAL = 'a\\b "c"'
                LONG = \"\"\"
                first
                second\"\"\"
                TOML
                EOF
                cat > x/exec.d/web/b <<'EOF'
                #!/bin/sh
                echo "PLAIN = \\"$PLAIN and two\\"" >&3
                EOF
                chmod +x x/exec.d/a x/exec.d/web/b
                """ + web("printf", "%s|", "$PLAIN").replace("\"printf\", \"%s|\", \"$PLAIN\"", """
                        "sh", "-c", "printf '%s|' \\"$PLAIN\\" \\"$QUOTED\\" \\"$LITERAL\\" \\"$LONG\\""
                        """.strip()));

        Slug slug = build("./one");

        assertThat(run(slug, "web"))
                .isEqualTo("a runs in " + app
                        + "\none and two|it's \"q\" \\ $HOME `id`\ttab\u00e9\uD83D\uDE00|a\\b \"c\"|first\nsecond|");
    }

    @Test
    void aProcessWhoseExecDProgramFailsOrTalksNonsenseIsNotStarted() throws Exception {
        buildpack("one", "acme/one", PASSES, """
                cd "$CNB_LAYERS_DIR"
                mkdir -p x/exec.d
                printf '[types]\\nlaunch = true\\n' > x.toml
                printf '#!/bin/sh\\n[ -z "$FAIL" ] || exit 7\\necho "%s" >&3\\n' '$SAYS' > x/exec.d/a
                chmod +x x/exec.d/a
                """ + web("echo", "started"));

        Slug slug = build("./one");

        assertThat(run(slug, "web", Map.of("FAIL", "1")))
                .endsWith("exec.d/a ended with exit status 7; the process is not started\n");
        assertThat(run(slug, "web", Map.of("SAYS", "A = 1")))
                .contains("line 1 of what it printed on descriptor 3 has a value that is no string")
                .doesNotContain("started\n\n")
                .endsWith("the process is not started\n");
        assertThat(run(slug, "web", Map.of("SAYS", "A = 'x'"))).isEqualTo("started\n");
    }

    @Test
    void aCachedLayerIsRestoredWithItsFilesAndALaunchLayerWithItsMetadataAlone() throws Exception {
        String builds = """
                cd "$CNB_LAYERS_DIR"
                for layer in cached launched built; do
                    if [ -e $layer.toml ]; then echo "$layer: $(tr '\\n' ' ' < $layer.toml)"; else echo "$layer: none"; fi
                    if [ -d $layer ]; then echo "$layer has $(cat $layer/file)"; fi
                done
                cat store.toml 2>/dev/null || true
                if [ -e launched.toml ]; then
                    printf '[types]\\nlaunch = true\\n[metadata]\\nn = 2\\n' > launched.toml
                else
                    mkdir launched; echo first > launched/file
                    printf '[types]\\nlaunch = true\\n[metadata]\\nn = 1\\n' > launched.toml
                fi
                mkdir -p cached built; echo kept > cached/file; echo gone > built/file
                printf '[types]\\ncache = true\\nbuild = true\\n[metadata]\\nv = "a b"\\n' > cached.toml
                printf '[types]\\nbuild = true\\nlaunch = true\\n' > built.toml
                printf '[metadata]\\nseen = 1\\n' > store.toml
                """ + web("true");
        buildpack("one", "acme/one", PASSES, builds);
        build("./one");
        assertThat(workshop.output).contains("       cached: none", "       launched: none", "       built: none");

        app = workshop.source();
        buildpack("one", "acme/one", PASSES, builds);
        build("./one");

        assertThat(workshop.output)
                .contains("       cached: [metadata] v = \"a b\"", "       cached has kept")
                .contains("       launched: [metadata] n = 1", "       built: none", "       seen = 1")
                .noneMatch(line -> line.contains("launched has"));
        assertThat(app.resolve(".stoa/layers/acme_one/launched/file")).hasContent("first");
        assertThat(app.resolve(".stoa/layers/acme_one/cached")).doesNotExist();
    }

    @Test
    void aFailedBuildLeavesTheLayersOfTheLastOne() throws Exception {
        String keeps = """
                cd "$CNB_LAYERS_DIR"
                if [ -d c ]; then echo "there: $(cat c/file)"; fi
                mkdir -p c; echo "$WHAT" > c/file; printf '[types]\\ncache = true\\n' > c.toml
                """ + web("true");
        buildpack("one", "acme/one", PASSES, "WHAT=good\n" + keeps);
        build("./one");
        app = workshop.source();
        buildpack("one", "acme/one", PASSES, "WHAT=bad\n" + keeps + "exit 4\n");

        StoaException error = failed("./one");

        assertThat(error.code()).isEqualTo(ErrorCode.BUILD_FAILED);
        assertThat(error.message()).isEqualTo("bin/build of buildpack acme/one@1.0.0 failed with exit status 4");
        app = workshop.source();
        buildpack("one", "acme/one", PASSES, "WHAT=good\n" + keeps);
        build("./one");
        assertThat(workshop.output).contains("       there: good");
    }

    @Test
    void aLaunchLayerWithoutFilesThatNoBuildHasKeptIsAnError() {
        buildpack("one", "acme/one", PASSES, "printf '[types]\\nlaunch = true\\n' > \"$CNB_LAYERS_DIR/x.toml\"\n");

        assertThat(failed("./one").message())
                .isEqualTo("layer x of acme/one@1.0.0 has launch = true, but there is no folder of that name,"
                        + " and the last build has none to reuse");
    }

    @Test
    void anOptionalBuildpackThatDoesNotPassIsLeftOut() throws Exception {
        buildpack("no", "acme/no", "#!/bin/sh\nexit 100\n", "exit 1\n");
        buildpack("yes", "acme/yes", PASSES, web("true"));
        Workshop.write(app, "meta/buildpack.toml", """
                api = "0.12"
                [buildpack]
                id = "acme/meta"
                version = "2.0.0"
                [[order]]
                [[order.group]]
                id = "acme/no"
                version = "1.0.0"
                [[order]]
                [[order.group]]
                id = "acme/no"
                optional = true
                [[order.group]]
                id = "acme/yes"
                """);

        build("./meta", "./no", "./yes");

        assertThat(workshop.output)
                .containsOnlyOnce("       acme/no@1.0.0: does not pass")
                .contains("-----> Building with acme/yes@1.0.0")
                .doesNotContain("-----> Building with acme/no@1.0.0");
    }

    @Test
    void aFailingDetectionIsNamedWithItsStatus() {
        buildpack("one", "acme/one", "#!/bin/sh\necho no shop here; exit 100\n", "");

        StoaException error = failed("./one");

        assertThat(error.code()).isEqualTo(ErrorCode.NOT_RECOGNISED);
        assertThat(error.message())
                .isEqualTo(
                        "the buildpacks of stoa.toml cannot build this app: acme/one@1.0.0 does not recognise the app"
                                + " (bin/detect ended with exit status 100)");
        assertThat(workshop.output).contains("       no shop here");

        buildpack("one", "acme/one", "#!/bin/sh\nexit 3\n", "");
        error = failed("./one");
        assertThat(error.code()).isEqualTo(ErrorCode.BUILD_FAILED);
        assertThat(error.message()).endsWith("failed: bin/detect ended with exit status 3, neither 0 nor 100");
    }

    @Test
    void anUnmetRequirementNamesWhoRequiresIt() {
        buildpack("one", "acme/one", plan("[[requires]]\nname = \"jdk\""), "");

        assertThat(failed("./one").message())
                .endsWith("acme/one@1.0.0 requires \"jdk\", which neither it nor a buildpack before it provides");
    }

    @Test
    void whatIsWrongWithABuildpackIsSaidWithItsNameAndFile() throws Exception {
        assertThat(failed("./none").message())
                .startsWith("\"./none\" in \"buildpacks\" of [build] in stoa.toml is not there");
        Workshop.write(app, "empty/readme", "");
        assertThat(failed("./empty").message()).contains("is no buildpack: it has no buildpack.toml");

        toml("old", "api = \"0.9\"\n[buildpack]\nid = \"a\"\n");
        assertThat(failed("./old").message())
                .isEqualTo("buildpack.toml of ./old: it is for version 0.9 of the Buildpack API,"
                        + " and Stoa runs buildpacks of 0.10, 0.11, 0.12");
        toml("noid", "api = \"0.10\"\n[buildpack]\nname = \"x\"\n");
        assertThat(failed("./noid").message()).isEqualTo("buildpack.toml of ./noid: [buildpack] has no \"id\"");
        toml("bad", "api = \"0.10\"\n[buildpack\n");
        assertThat(failed("./bad").message()).startsWith("buildpack.toml of ./bad is not TOML: line 2:");
        toml("bare", "api = \"0.10\"\n[buildpack]\nid = \"acme/bare\"\n");
        assertThat(failed("./bare").message()).isEqualTo("buildpack acme/bare (./bare) has no bin/detect");
        Workshop.write(app, "bare/bin/detect", PASSES);
        assertThat(failed("./bare").message()).endsWith("has a bin/detect that is not executable");
        toml("windows", "api = \"0.10\"\n[buildpack]\nid = \"acme/w\"\n[[targets]]\nos = \"windows\"\n");
        assertThat(failed("./windows").message()).contains("acme/w is for windows/any, and this machine is linux/");
    }

    @Test
    void whatIsWrongInWhatABuildpackWritesIsSaidWithItsFile() {
        writes("launch.toml", "[[processes]]\ntype = \"web\"\ncommand = \"node a\"\n");
        assertThat(failed("./one").message())
                .isEqualTo(
                        "launch.toml of acme/one@1.0.0: \"command\" of [[processes]], line 3 must be a list of strings");
        writes("launch.toml", "[[processes]]\ntype = \"we b\"\n");
        assertThat(failed("./one").message()).contains("\"type\" of [[processes]], line 2 may have letters");
        writes("launch.toml", "[[processes]]\ntype = \"web\"\n");
        assertThat(failed("./one").message()).contains("process \"web\" has no \"command\"");
        writes("x.toml", "types = 1\n");
        assertThat(failed("./one").message()).isEqualTo("x.toml of acme/one@1.0.0: \"types\", line 1 must be a table");
        writes("build.toml", "[[unmet]]\nname = \"x\"\n");
        assertThat(failed("./one").message()).contains("[[unmet]] names \"x\", which the build plan did not ask of it");
    }

    @Test
    void aLinkThatABuildpackLeavesIsNotFollowedOutOfTheApp() throws Exception {
        Files.writeString(dir.resolve("secret"), "type = \"secret\"");
        buildpack("one", "acme/one", PASSES, """
                cd "$CNB_LAYERS_DIR"
                ln -s %1$s/secret launch.toml
                mkdir x; printf '[types]\\nlaunch = true\\n' > x.toml
                ln -s %1$s x/env
                mkdir elsewhere; ln -s elsewhere/nothing x/bin
                rm -rf "$CNB_PLATFORM_DIR"; mkdir -p ../../launch/x; ln -s %1$s ../../layers.launch
                """.formatted(dir));
        Workshop.write(app, "Procfile", "web: echo started");

        Slug slug = build("./one");

        assertThat(run(slug, "web")).isEqualTo("started\n");
        assertThat(Files.readString(dir.resolve("secret"))).isEqualTo("type = \"secret\"");
        assertThat(app.resolve(".stoa/launch")).isRegularFile();
        assertThat(slug.env()).doesNotContainKey("secret");
    }

    @Test
    void aCommandOfTheProcfileWinsAndRunsInTheEnvironmentOfTheLayers() throws Exception {
        buildpack("one", "acme/one", PASSES, """
                cd "$CNB_LAYERS_DIR"
                mkdir -p x/env.launch/web; printf '[types]\\nlaunch = true\\n' > x.toml
                printf "layer's" > x/env.launch/web/FROM
                """ + web("echo", "buildpack"));
        Workshop.write(app, "Procfile", "web: echo \"procfile's\" $FROM && true");

        assertThat(run(build("./one"), "web")).isEqualTo("procfile's layer's\n");
    }

    @Test
    void theDefaultProcessIsWebAndOnesThatDoTheSameAreLeftOut() throws Exception {
        buildpack("one", "acme/one", PASSES, """
                cat > "$CNB_LAYERS_DIR/launch.toml" <<'EOF'
                [[processes]]
                type = "executable.jar"
                command = ["echo", "main"]
                default = true
                [[processes]]
                type = "task"
                command = ["echo"]
                args = ["main"]
                [[processes]]
                type = "Mail_Worker"
                command = ["echo", "mail"]
                [[processes]]
                type = "release"
                command = ["echo", "migrate"]
                EOF
                """);

        Slug slug = build("./one");

        assertThat(slug.processes()).containsOnlyKeys("web", "mail-worker");
        assertThat(run(slug, "web")).isEqualTo("main\n");
        assertThat(run(slug, "mail-worker")).isEqualTo("mail\n");
        assertThat(workshop.output)
                .contains("       web: echo main (the default process, \"executable.jar\")")
                .contains("       task: left out, it does the same as web");
    }

    private void writes(String file, String text) {
        buildpack("one", "acme/one", PASSES, "cat > \"$CNB_LAYERS_DIR/%s\" <<'EOF'\n%sEOF\n".formatted(file, text));
    }

    private void toml(String folder, String text) {
        Workshop.write(app, folder + "/buildpack.toml", text);
    }

    private static String plan(String toml) {
        return "#!/bin/sh\ncat > \"$CNB_BUILD_PLAN_PATH\" <<'EOF'\n" + toml.strip() + "\nEOF\n";
    }

    private static String web(String... command) {
        return "cat > \"$CNB_LAYERS_DIR/launch.toml\" <<'EOF'\n[[processes]]\ntype = \"web\"\ncommand = [\"%s\"]\nEOF\n"
                .formatted(String.join("\", \"", command));
    }

    private void buildpack(String folder, String id, String detect, String build) {
        toml(folder, "api = \"0.10\"\n[buildpack]\nid = \"%s\"\nversion = \"1.0.0\"\n".formatted(id));
        for (Map.Entry<String, String> program :
                Map.of("detect", detect, "build", "#!/bin/sh\nset -e\n" + build).entrySet()) {
            Workshop.write(app, folder + "/bin/" + program.getKey(), program.getValue());
            assertThat(app.resolve(folder + "/bin/" + program.getKey()).toFile().setExecutable(true))
                    .isTrue();
        }
    }

    private Slug build(String... buildpacks) throws InterruptedException {
        workshop.manifest = new Manifest(
                Optional.empty(),
                List.of(),
                Optional.empty(),
                new Manifest.BuildManifest(Optional.empty(), List.of(buildpacks), List.of(), Optional.empty()),
                Map.of(),
                Manifest.ReleaseManifest.NONE,
                Map.of(),
                Manifest.NetworkManifest.CLOSED,
                Map.of(),
                Manifest.EMPTY.edge(),
                Manifest.EMPTY.routing(),
                Manifest.EMPTY.resources());
        return workshop.build(app);
    }

    private StoaException failed(String... buildpacks) {
        StoaException error = catchThrowableOfType(StoaException.class, () -> build(buildpacks));
        assertThat(error).isNotNull();
        return error;
    }

    private String run(Slug slug, String type) throws Exception {
        return run(slug, type, Map.of());
    }

    /** What a process prints until it ends. */
    private String run(Slug slug, String type, Map<String, String> config) throws Exception {
        Map<String, String> env = new HashMap<>(slug.env());
        env.putAll(config);
        Slug configured = new Slug(
                slug.root(),
                slug.mount(),
                slug.buildpack(),
                slug.processes(),
                slug.release(),
                env,
                slug.readable(),
                slug.sizeBytes());
        Process process = workshop.start(configured, type, 0);
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return workshop.printed();
    }

    private List<String> lines(String file) throws IOException {
        return Files.readAllLines(app.resolve(file));
    }

    private static String value(List<String> env, String name) {
        return env.stream()
                .filter(line -> line.startsWith(name + "="))
                .findFirst()
                .orElseThrow()
                .substring(name.length() + 1);
    }
}
