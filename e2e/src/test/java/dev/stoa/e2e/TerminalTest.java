package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stoa.api.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code stoa run} and {@code stoa exec}, as somebody at a terminal and as somebody in a script uses them. */
class TerminalTest {
    private static final String SECRET = "battery-horse-staple";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** Runs a command in a terminal, types what it is told, waits for what is to be seen, and prints what was. */
    private static final String TYPIST = """
            import fcntl, json, os, pty, select, struct, sys, termios, time
            steps, command = json.loads(sys.argv[1]), sys.argv[2:]
            pid, master = pty.fork()
            if pid == 0:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 31, 97, 0, 0))
                os.execvp(command[0], command)
            seen, status, at = b"", None, 0
            def read(seconds):
                global seen
                if select.select([master], [], [], seconds)[0]:
                    try:
                        data = os.read(master, 65536)
                    except OSError:
                        data = b""
                    seen += data
                    return bool(data)
                return True
            def quit(why):
                sys.stdout.buffer.write(seen + why.encode())
                sys.exit(99)
            before = None
            for kind, *words in steps:
                if kind == "see":
                    wanted, deadline = words[0].encode(), time.time() + 30
                    while wanted not in seen[at:]:
                        if time.time() > deadline or not read(1):
                            quit("\\nMISSING " + words[0])
                    at = seen.index(wanted, at) + len(wanted)
                elif kind == "type":
                    os.write(master, words[0].encode())
                elif kind == "size":
                    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", words[0], words[1], 0, 0))
                elif kind == "kill":
                    os.kill(pid, words[0])
            while read(30):
                pass
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            sys.stdout.buffer.write(seen)
            sys.exit(status)
            """;

    private static Stoa stoa;

    @TempDir
    private Path directory;

    @BeforeAll
    static void up() {
        stoa = Stoa.up();
        stoa.ok("deploy", Folder.web("hello").toString(), "-a", "shop");
        stoa.ok("config", "set", "API_KEY=" + SECRET, "-a", "shop");
    }

    @AfterAll
    static void down() {
        stoa.close();
    }

    @Test
    void aReplTakesWhatIsTypedAndLivesThroughCtrlC() throws Exception {
        Stoa.Result result = typed(
                List.of(
                        List.of("see", ">>> "),
                        List.of("type", "import os; print(os.get_terminal_size(), 6 * 7)\r"),
                        List.of("see", "os.terminal_size(columns=97, lines=31) 42"),
                        List.of("size", 22, 66),
                        List.of("type", "while os.get_terminal_size().columns != 66: pass\r\r"),
                        List.of("type", "print('now', os.get_terminal_size().lines)\r"),
                        List.of("see", "now 22"),
                        List.of("type", "import time; print('sleep' + 'ing'); time.sleep(100)\r"),
                        List.of("see", "sleeping"),
                        List.of("type", "\u0003"),
                        List.of("see", "KeyboardInterrupt"),
                        List.of("type", "print(os.environ['TERM'], os.environ['API_KEY'])\r"),
                        List.of("see", "vt220 " + SECRET),
                        List.of("type", "raise SystemExit(7)\r")),
                "run",
                "-a",
                "shop",
                "--",
                "python3",
                "-q");

        assertThat(result.status()).as(result.out()).isEqualTo(7);
    }

    @Test
    void ctrlDEndsAShellInARunningInstance() throws Exception {
        long pid = stoa.pids("shop").getFirst();

        Stoa.Result result = typed(
                List.of(
                        List.of("type", "echo key $API_KEY port ${PORT:-none} $(pwd); ls; tty -s && echo a terminal\r"),
                        List.of("see", "key " + SECRET + " port "),
                        List.of("see", " /app\r\n"),
                        List.of("see", "server.py"),
                        List.of("see", "a terminal"),
                        List.of("type", "sh -c 'echo nap''ping; exec sleep 100'\r"),
                        List.of("see", "napping"),
                        List.of("type", "\u001a"),
                        List.of("see", "Stopped"),
                        List.of("type", "jobs; kill %1; (exit 6)\r"),
                        List.of("type", "\u0004")),
                "exec",
                "-a",
                "shop");

        assertThat(result.out()).contains("Stopped");
        assertThat(result.status()).as(result.out()).isEqualTo(6);
        assertThat(stoa.pids("shop")).containsExactly(pid);
    }

    @Test
    void theTerminalIsAsBeforeWhenTheCommandLineIsEnded() throws Exception {
        String shell = "before=$(stty -g); \"$@\" & trap \"kill $!; wait $!\" USR1; wait;"
                + " [ \"$(stty -g)\" = \"$before\" ] && echo restored";
        Path out = directory.resolve("typed");

        Process process = stoa.startBy(
                List.of(
                        "python3",
                        "-c",
                        TYPIST,
                        Json.write(List.of(List.of("see", "begun"), List.of("kill", 10), List.of("see", "restored"))),
                        "sh",
                        "-c",
                        shell.replace("\"$@\" &", "\"$@\" </dev/tty &"),
                        "sh"),
                out,
                directory.resolve("typed.err"),
                "run",
                "-a",
                "shop",
                "--",
                "sh",
                "-c",
                "stty raw; echo begun; exec sleep 4717");

        assertThat(process.waitFor(90, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(out)).isZero();
        await().atMost(PATIENCE).until(() -> commandLines().stream().noneMatch(line -> line.contains("sleep 4717")));
    }

    @Test
    void pipesPassBytesAsTheyAreAndStandardErrorApart() throws Exception {
        byte[] bytes = new byte[1_000_000];
        new Random(3).nextBytes(bytes);
        Path in = Files.write(directory.resolve("in"), bytes);
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");

        Process process =
                stoa.startWith(in, out, err, "run", "-a", "shop", "--", "sh", "-c", "cat; echo broken >&2; exit 3");

        assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(3);
        assertThat(Files.mismatch(in, out)).isEqualTo(-1);
        assertThat(err).hasContent("broken\n");
    }

    @Test
    void aDetachedCommandOutlivesThePlatformAndItsEndIsRecorded() throws Exception {
        String id = stoa.ok(
                        "run",
                        "--detach",
                        "-a",
                        "shop",
                        "--",
                        "echo begun; sleep 1; while ! test -e /tmp/go; do" + " sleep 0.1; done; echo over; exit 4")
                .out()
                .strip();
        awaitLog("run." + id + ": begun");
        JsonNode shown = stoa.instances("shop").stream()
                .filter(instance -> instance.path("process").asString().equals("run"))
                .findFirst()
                .orElseThrow();
        assertThat(shown.path("name").asString()).isEqualTo("run." + id);
        assertThat(shown.path("state").asString()).isEqualTo("up");

        stoa.kill();
        stoa.start();

        assertThat(run(id).path("state").asString()).isEqualTo("running");
        stoa.ok("exec", "-a", "shop", "-i", "run." + id, "--", "touch", "/tmp/go");
        awaitLog("run." + id + ": over");
        await().atMost(PATIENCE).until(() -> run(id).path("state").asString().equals("exited"));
        assertThat(run(id).path("status").asInt()).isEqualTo(4);
        assertThat(stoa.instances("shop")).hasSize(1);
    }

    @Test
    void aDetachedCommandIsStopped() {
        String id = stoa.ok("run", "-d", "-a", "shop", "--", "exec sleep 4715")
                .out()
                .strip();

        stoa.ok("runs", "stop", id, "-a", "shop");

        assertThat(run(id).path("state").asString()).isEqualTo("stopped");
        assertThat(stoa.ok("runs", "-a", "shop").out()).contains(id, "exec sleep 4715");
        assertThat(stoa.fails("runs", "stop", "nobody", "-a", "shop").err())
                .contains("shop has no command \"nobody\" that runs");
    }

    @Test
    void execSaysWhichInstancesThereAre() {
        assertThat(stoa.fails("exec", "-a", "shop", "-i", "web.7", "--", "true").err())
                .contains("shop has no instance \"web.7\"", "it has: web.1");
        stoa.ok(
                "deploy",
                Folder.empty().with("Procfile", "worker: sleep 1000\n").toString(),
                "-a",
                "idle");
        stoa.ok("scale", "worker=0", "-a", "idle");
        await().atMost(PATIENCE).until(() -> stoa.instances("idle").isEmpty());
        assertThat(stoa.fails("exec", "-a", "idle", "--", "true").err())
                .contains("no instance of idle runs", "stoa run -a idle -- CMD");
    }

    @Test
    void noSecretStandsInAnArgument() throws Exception {
        Process run = stoa.start(
                Path.of("."),
                directory.resolve("out"),
                directory.resolve("err"),
                "run",
                "-a",
                "shop",
                "--",
                "sleep",
                "4716");
        try {
            await().atMost(PATIENCE).until(() -> commandLines().stream().anyMatch(line -> line.contains("sleep 4716")));
            assertThat(commandLines()).noneMatch(line -> line.contains(SECRET));
        } finally {
            run.destroy();
        }
        await().atMost(PATIENCE).until(() -> commandLines().stream().noneMatch(line -> line.contains("sleep 4716")));
    }

    private static List<String> commandLines() {
        return ProcessHandle.allProcesses()
                .map(process -> Path.of("/proc/" + process.pid() + "/cmdline"))
                .map(file -> {
                    try {
                        return Files.readString(file, StandardCharsets.ISO_8859_1)
                                .replace('\0', ' ');
                    } catch (IOException e) {
                        return "";
                    }
                })
                .toList();
    }

    private static JsonNode run(String id) {
        return stoa.json("runs", "-a", "shop")
                .valueStream()
                .filter(run -> run.path("id").asString().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private static void awaitLog(String line) {
        await().atMost(PATIENCE).until(() -> stoa.ok("logs", "-a", "shop").out().contains(line));
    }

    /** Runs a command of the command line in a terminal of 97 columns and 31 rows. */
    private Stoa.Result typed(List<List<Object>> steps, String... arguments) throws Exception {
        Path out = directory.resolve("typed");
        Process process = stoa.startBy(
                List.of("env", "TERM=vt220", "python3", "-c", TYPIST, Json.write(steps)),
                out,
                directory.resolve("typed.err"),
                arguments);
        assertThat(process.waitFor(90, TimeUnit.SECONDS)).isTrue();
        return new Stoa.Result(
                process.exitValue(),
                Files.readString(out, StandardCharsets.UTF_8),
                Files.readString(directory.resolve("typed.err")));
    }
}
