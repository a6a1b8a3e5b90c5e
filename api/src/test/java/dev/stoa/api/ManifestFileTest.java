package dev.stoa.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.stoa.api.Manifest.BuildManifest;
import dev.stoa.api.Manifest.CronManifest;
import dev.stoa.api.Manifest.NetworkManifest;
import dev.stoa.api.Manifest.ProcessManifest;
import dev.stoa.api.Manifest.ReleaseManifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ManifestFileTest {
    @Test
    void everyKeyIsRead() {
        Manifest manifest = ManifestFile.parse("""
                name = "shop"
                domains = ["shop.example.com", "WWW.Example.com"]
                port = 80

                [build]
                buildpack = "python"
                env = ["NPM_TOKEN"]
                timeout = "20m"

                [processes.web]
                command = "gunicorn shop:app"
                instances = 2
                memory = "512MB"
                cpu = 0.5
                health = "/up"

                [processes.worker]
                command = "python worker.py"

                [release]
                command = "python manage.py migrate"
                timeout = "10m"

                [network]
                allow = ["frontend"]

                [crons.digest]
                schedule = "0 8 * * *"
                command = "python digest.py"
                timezone = "Europe/Berlin"
                timeout = "30m"

                [env]
                LOG_LEVEL = "info"
                EMPTY = ""
                """, "stoa.toml");

        assertThat(manifest)
                .isEqualTo(new Manifest(
                        Optional.of(new AppName("shop")),
                        List.of("shop.example.com", "www.example.com"),
                        Optional.of(80),
                        new BuildManifest(
                                Optional.of("python"),
                                List.of(),
                                List.of("NPM_TOKEN"),
                                Optional.of(Duration.ofMinutes(20))),
                        Map.of(
                                "web",
                                new ProcessManifest(
                                        Optional.of("gunicorn shop:app"),
                                        Optional.of(InstanceRange.fixed(2)),
                                        Optional.of(512_000_000L),
                                        Optional.of(0.5),
                                        Optional.of("/up")),
                                "worker",
                                new ProcessManifest(
                                        Optional.of("python worker.py"),
                                        Optional.empty(),
                                        Optional.empty(),
                                        Optional.empty(),
                                        Optional.empty())),
                        new ReleaseManifest(
                                Optional.of("python manage.py migrate"), Optional.of(Duration.ofMinutes(10))),
                        Map.of("LOG_LEVEL", "info", "EMPTY", ""),
                        new NetworkManifest(List.of("frontend")),
                        Map.of(
                                "digest",
                                new CronManifest(
                                        "0 8 * * *",
                                        "python digest.py",
                                        Optional.of("Europe/Berlin"),
                                        false,
                                        Optional.of(Duration.ofMinutes(30)))),
                        EdgeManifest.DEFAULT,
                        RoutingManifest.DEFAULT,
                        ResourceManifest.NONE));
    }

    @ParameterizedTest
    @CsvSource({"''", "'# nothing'", "'\uFEFF'", "'[build]'", "'[processes]\r\n[env]\r\n'"})
    void aFileThatSaysNothingIsTheEmptyManifest(String text) {
        assertThat(ManifestFile.parse(text, "stoa.toml")).isEqualTo(Manifest.EMPTY);
    }

    @Test
    void aProcessTypeMayBeWrittenWithDots() {
        Manifest manifest = ManifestFile.parse("processes.web.command = 'x'\nprocesses.web.cpu = 2", "stoa.toml");
        assertThat(manifest.process("web").command()).contains("x");
        assertThat(manifest.process("web").cpu()).contains(2.0);
    }

    @ParameterizedTest
    @CsvSource({
        "512MB, 512000000",
        "512mb, 512000000",
        "1GiB, 1073741824",
        "1.5 GB, 1500000000",
        "64KiB, 65536",
        "1TB, 1000000000000"
    })
    void memoryIsWrittenWithAUnit(String text, long bytes) {
        Manifest manifest = ManifestFile.parse("[processes.web]\nmemory = \"%s\"".formatted(text), "stoa.toml");
        assertThat(manifest.process("web").memoryBytes()).contains(bytes);
    }

    @ParameterizedTest
    @CsvSource({"512", "MB", "0MB", "-1MB", "1PB", "2048TiB", "1e3MB", "1,5GB", "512M", "9999999999999GB"})
    void whatIsNoAmountOfMemoryIsRefused(String text) {
        StoaException e = failure("[processes.web]\nmemory = \"%s\"".formatted(text));
        assertThat(e.message())
                .isEqualTo(
                        "\"memory\" of [processes.web] must be an amount such as \"512MB\" or \"1GiB\", not \"%s\" in stoa.toml, line 2",
                        text);
    }

    record Mistake(String toml, String message, String hint) {
        @Override
        public String toString() {
            return message;
        }
    }

    static Stream<Mistake> mistakes() {
        return Stream.concat(mistakesAtTheTop(), mistakesInTables());
    }

    private static Stream<Mistake> mistakesAtTheTop() {
        return Stream.of(
                new Mistake(
                        "nmae = \"shop\"",
                        "\"nmae\" is not a key of stoa.toml, line 1",
                        "did you mean \"name\"?   name = \"shop\""),
                new Mistake(
                        "\n[procesess.web]\n",
                        "\"procesess\" is not a key of stoa.toml, line 2",
                        "did you mean \"processes\"?   [processes.web]"),
                new Mistake(
                        "region = \"eu\"",
                        "\"region\" is not a key of stoa.toml, line 1",
                        "the keys of stoa.toml are name, domains, port, build, processes, release, env, network, crons, edge, routing, databases, buckets, volumes, caches"),
                new Mistake(
                        "name = 7",
                        "\"name\" must be a string, not the number 7 in stoa.toml, line 1",
                        "name = \"shop\""),
                new Mistake(
                        "name = \"My Shop\"",
                        "\"My Shop\" cannot be the name of an app: a name has 1 to 40 letters a-z, digits and hyphens,"
                                + " starts with a letter and does not end with a hyphen in stoa.toml, line 1",
                        "name = \"my-shop\""),
                new Mistake("name = \"\"", "\"name\" must not be empty in stoa.toml, line 1", "name = \"shop\""),
                new Mistake(
                        "domains = \"shop.example.com\"",
                        "\"domains\" must be a list of strings, not the string \"shop.example.com\" in stoa.toml, line 1",
                        "domains = [\"shop.example.com\"]"),
                new Mistake(
                        "domains = [\"a.example.com\", 2]",
                        "\"domains\" must be a list of strings, and holds the number 2 in stoa.toml, line 1",
                        "domains = [\"shop.example.com\"]"),
                new Mistake(
                        "domains = [\"https://shop.example.com\"]",
                        "\"https://shop.example.com\" of \"domains\" is not a host name in stoa.toml, line 1",
                        "domains = [\"shop.example.com\"]"),
                new Mistake(
                        "build = \"python\"",
                        "\"build\" must be a table, not the string \"python\" in stoa.toml, line 1",
                        "[build]"),
                new Mistake(
                        "name = \"shop\"\n\n[functions.digest]\n",
                        "\"functions\" is not provided by this version of Stoa in stoa.toml, line 3",
                        "leave it out, and run the code as a process type:   [processes.worker]"),
                new Mistake(
                        "port = 80000",
                        "\"port\" must be from 1 to 65535, not 80000 in stoa.toml, line 1",
                        "port = 80"),
                new Mistake(
                        "port = \"80\"",
                        "\"port\" must be a whole number, not the string \"80\" in stoa.toml, line 1",
                        "port = 80"),
                new Mistake(
                        "[build]\nbuildpack = \"node\"\nbuildpacks = [\"./mine\"]",
                        "\"buildpacks\" of [build] and \"buildpack\" cannot both be there in stoa.toml, line 3",
                        "keep \"buildpack\" for one of Stoa's own, or \"buildpacks\" for Cloud Native Buildpacks"),
                new Mistake(
                        "[build]\nenv = [\"NPM TOKEN\"]",
                        "\"NPM TOKEN\" cannot be the name of a variable: it has letters, digits and _, and does not start with a digit in stoa.toml, line 2",
                        "env = [\"NPM_TOKEN\"]"),
                new Mistake(
                        "[release]\ntimeout = \"soon\"",
                        "\"timeout\" of [release] must be a time such as \"90s\", \"20m\" or \"2h\", not \"soon\" in stoa.toml, line 2",
                        "timeout = \"10m\""),
                new Mistake(
                        "[crons.digest]\ncommand = \"x\"",
                        "[crons.digest] has no \"schedule\" in stoa.toml, line 1",
                        "schedule = \"0 8 * * *\""),
                new Mistake(
                        "[crons.digest]\nschedule = \"@daily\"\ncommand = \"x\"\ntimezone = \"Mars\"",
                        "\"timezone\" of [crons.digest] must be the name of a time zone, not \"Mars\" in stoa.toml, line 4",
                        "timezone = \"Europe/Berlin\""),
                new Mistake(
                        "[crons.digest]\ncommand = \"x\"\nschedule = \"0 0 31 2 *\"",
                        "\"schedule\" of [crons.digest]: \"0 0 31 2 *\" is not a schedule: no year has such a date in stoa.toml, line 3",
                        "schedule = \"0 8 * * *\""),
                new Mistake(
                        "[functions.digest]\nhandler = \"digest.handler\"",
                        "\"functions\" is not provided by this version of Stoa in stoa.toml, line 1",
                        "leave it out, and run the code as a process type:   [processes.worker]"),
                new Mistake(
                        "[[processes]]\ncommand = \"x\"",
                        "\"processes\" must be a table, not a list in stoa.toml, line 1",
                        "[processes.web]"),
                new Mistake(
                        "a = " + "[".repeat(5000),
                        "stoa.toml has brackets more than 100 deep, line 1",
                        "close what was opened"));
    }

    private static Stream<Mistake> mistakesInTables() {
        return Stream.of(
                new Mistake(
                        """
                        name = "shop"

                        # the web
                        [processes.web]
                        command = "gunicorn shop:app"
                        memory = "512MB"
                        instnces = 2
                        """,
                        "\"instnces\" is not a key of [processes.web] in stoa.toml, line 7",
                        "did you mean \"instances\"?   instances = 2"),
                new Mistake(
                        "[processes.web]\nreplicas = 2",
                        "\"replicas\" is not a key of [processes.web] in stoa.toml, line 2",
                        "the keys of [processes.web] are command, instances, memory, cpu, health"),
                new Mistake(
                        "[processes.web]\ninstances = \"two\"",
                        "\"instances\" of [processes.web] must be a whole number or a table, not the string \"two\" in stoa.toml, line 2",
                        "instances = 2   or   instances = { min = 0, max = 10, concurrency = 50, idle = \"15m\" }"),
                new Mistake(
                        "[processes.web]\ninstances = 1.5",
                        "\"instances\" of [processes.web] must be a whole number or a table, not the number 1.5 in stoa.toml, line 2",
                        "instances = 2   or   instances = { min = 0, max = 10, concurrency = 50, idle = \"15m\" }"),
                new Mistake(
                        "[processes.web]\ninstances = -1",
                        "\"instances\" of [processes.web] must be from 0 to 1000, not -1 in stoa.toml, line 2",
                        "instances = 2"),
                new Mistake(
                        "[processes.worker]\ninstances = { min = 0, max = 10 }",
                        "\"instances\" of [processes.worker] is a table, and only web gets requests that could scale it"
                                + " in stoa.toml, line 2",
                        "give a number:   instances = 2"),
                new Mistake(
                        "[processes.web]\ninstances = { min = 5,  max = 2 }",
                        "\"max\" of [processes.web.instances] is 2, less than \"min\", which is 5 in stoa.toml, line 2",
                        "instances = { min = 0, max = 10 }"),
                new Mistake(
                        "[processes.web]\ninstances = { min = -1 }",
                        "\"min\" of [processes.web.instances] must be from 0 to 1000, not -1 in stoa.toml, line 2",
                        "instances = { min = 0, max = 10 }"),
                new Mistake(
                        "[processes.web]\ninstances = { min = 0, max = 1001 }",
                        "\"max\" of [processes.web.instances] must be from 1 to 1000, not 1001 in stoa.toml, line 2",
                        "instances = { min = 0, max = 10 }"),
                new Mistake(
                        "[processes.web]\ninstances = { max = 2, concurrency = 0 }",
                        "\"concurrency\" of [processes.web.instances] must be from 1 to 100000, not 0 in stoa.toml, line 2",
                        "instances = { min = 1, max = 10, concurrency = 50 }"),
                new Mistake(
                        "[processes.web]\ninstances = { min = 0, idle = 15 }",
                        "\"idle\" of [processes.web.instances] must be a time such as \"90s\", \"15m\" or \"2h\","
                                + " not the number 15 in stoa.toml, line 2",
                        "instances = { min = 0, idle = \"15m\" }"),
                new Mistake(
                        "[processes.web]\ninstances = { min = 0, idle = \"0s\" }",
                        "\"idle\" of [processes.web.instances] must be a time such as \"90s\", \"15m\" or \"2h\","
                                + " not \"0s\" in stoa.toml, line 2",
                        "instances = { min = 0, idle = \"15m\" }"),
                new Mistake(
                        "[processes.web.instances]\nmin = 0\nmaximum = 3",
                        "\"maximum\" is not a key of [processes.web.instances] in stoa.toml, line 3",
                        "the keys of [processes.web.instances] are min, max, concurrency, idle"),
                new Mistake(
                        "[processes.web]\nmemory = 512",
                        "\"memory\" of [processes.web] must be a string with a unit, not the number 512 in stoa.toml, line 2",
                        "memory = \"512MB\""),
                new Mistake(
                        "[processes.web]\ncpu = \"half\"",
                        "\"cpu\" of [processes.web] must be a number of cores, not the string \"half\" in stoa.toml, line 2",
                        "cpu = 0.5"),
                new Mistake(
                        "[processes.web]\ncpu = nan",
                        "\"cpu\" of [processes.web] must be more than 0 cores in stoa.toml, line 2",
                        "cpu = 0.5"),
                new Mistake(
                        "[processes.web]\nhealth = \"up\"",
                        "\"health\" of [processes.web] must be a path that starts with /, not \"up\" in stoa.toml, line 2",
                        "health = \"/up\""),
                new Mistake(
                        "[processes.web]\ncommand = true",
                        "\"command\" of [processes.web] must be a string, not the boolean true in stoa.toml, line 2",
                        "command = \"gunicorn shop:app\""),
                new Mistake(
                        "[processes.web]\nport = 80",
                        "\"port\" of [processes.web] is not provided by this version of Stoa in stoa.toml, line 2",
                        "the web process is the only one that listens: write it at the top of the file   port = 80"),
                new Mistake(
                        "[processes]\nweb = \"gunicorn shop:app\"",
                        "\"web\" of [processes] must be a table, not the string \"gunicorn shop:app\" in stoa.toml, line 2",
                        "[processes.web]   command = \"gunicorn shop:app\""),
                new Mistake(
                        "[processes.\"my worker\"]",
                        "\"my worker\" cannot be a process type: it has 1 to 40 letters, digits, - and _, and does not start with -"
                                + " in stoa.toml, line 1",
                        "[processes.web]"),
                new Mistake(
                        "[processes.release]\ncommand = \"x\"",
                        "\"release\" cannot be a process type: it is the command that runs once for each release"
                                + " in stoa.toml, line 1",
                        "[release]   command = \"python manage.py migrate\""),
                new Mistake(
                        "[release]\ncomand = \"x\"",
                        "\"comand\" is not a key of [release] in stoa.toml, line 2",
                        "did you mean \"command\"?   command = \"python manage.py migrate\""),
                new Mistake(
                        "[env]\nWORKERS = 4",
                        "\"WORKERS\" of [env] must be a string, not the number 4 in stoa.toml, line 2",
                        "put it in quotes:   WORKERS = \"4\""),
                new Mistake(
                        "[env]\nDEBUG = true",
                        "\"DEBUG\" of [env] must be a string, not the boolean true in stoa.toml, line 2",
                        "put it in quotes:   DEBUG = \"true\""),
                new Mistake(
                        "[env]\n\"MY-KEY\" = \"x\"",
                        "\"MY-KEY\" cannot be the name of a variable: it has letters, digits and _, and does not start with a digit"
                                + " in stoa.toml, line 2",
                        "LOG_LEVEL = \"info\""));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void aMistakeIsNamedWithItsLineAndTheRightForm(Mistake mistake) {
        StoaException e = failure(mistake.toml);
        assertThat(e.message()).isEqualTo(mistake.message);
        assertThat(e.hint()).contains(mistake.hint);
    }

    @Test
    void whatIsNotTomlIsNamedWithLineColumnAndText() {
        StoaException e = failure("name = \"shop\"\n  cpu == 2\n");
        assertThat(e.message()).startsWith("stoa.toml is not TOML at line 2, column 8: Unexpected '='");
        assertThat(e.hint()).contains("the line is:   cpu == 2");
    }

    @Test
    void aKeyThatStandsTwiceIsRefused() {
        StoaException e = failure("name = \"a\"\nname = \"b\"\n");
        assertThat(e.message()).startsWith("stoa.toml is not TOML at line 2, column 1: ");
    }

    @Test
    void aFolderWithoutTheFileHasTheEmptyManifest(@TempDir Path folder) {
        assertThat(ManifestFile.read(folder.resolve("stoa.toml"))).isEqualTo(Manifest.EMPTY);
    }

    @Test
    void theFileIsReadAsUtf8(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("stoa.toml"), "[env]\nGREETING = \"καλημέρα\"");
        assertThat(ManifestFile.read(file).env()).containsExactly(Map.entry("GREETING", "καλημέρα"));
    }

    @Test
    void aFileOfOtherBytesIsRefused(@TempDir Path folder) throws IOException {
        Path file = Files.write(folder.resolve("stoa.toml"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        StoaException e = catchThrowableOfType(StoaException.class, () -> ManifestFile.read(file));
        assertThat(e.message()).isEqualTo("stoa.toml is not UTF-8 text");
    }

    @Test
    void aFileOfAMegabyteIsRefused(@TempDir Path folder) throws IOException {
        Path file = Files.write(folder.resolve("stoa.toml"), new byte[1 << 20]);
        StoaException e = catchThrowableOfType(StoaException.class, () -> ManifestFile.read(file));
        assertThat(e.message())
                .isEqualTo("stoa.toml is too large to be a manifest: it has 1048576 bytes, and may have 262144");
    }

    @Test
    void aFolderOfThatNameIsRefused(@TempDir Path folder) throws IOException {
        Path file = Files.createDirectory(folder.resolve("stoa.toml"));
        StoaException e = catchThrowableOfType(StoaException.class, () -> ManifestFile.read(file));
        assertThat(e.message()).startsWith("stoa.toml cannot be read: ");
    }

    private static StoaException failure(String toml) {
        return catchThrowableOfType(StoaException.class, () -> ManifestFile.parse(toml, "stoa.toml"));
    }
}
