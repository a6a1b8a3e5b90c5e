package dev.stoa.cli;

import dev.stoa.api.AppName;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Requests.Run;
import dev.stoa.api.Resource;
import dev.stoa.api.Resource.Attachment;
import dev.stoa.api.StoaException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * What is in a volume. It is looked at with the eyes of its app, by a one-off command in the app's sandbox: so links in it lead
 * nobody to where the app may not go, and what is written belongs to the app.
 */
final class VolumeFilesCommands {
    private VolumeFilesCommands() {}

    /** A volume, and the app that has it. */
    private record Mounted(Session session, Resource volume, Attachment user) {
        static Mounted of(Session session, String name) {
            Resource volume = session.client()
                    .get(VolumeCommand.KIND.path(name) + ResourceCommand.asking(session), Resource.class);
            Attachment user = volume.apps().stream()
                    .findFirst()
                    .orElseThrow(() -> new StoaException(
                            ErrorCode.BAD_REQUEST,
                            "no app has the volume %s, and it is only seen from one".formatted(volume.name()),
                            "stoa volume attach %s -a APP".formatted(volume.name())));
            return new Mounted(session, volume, user);
        }

        /** Runs the script in the volume's folder; {@code $1} is the path. Returns its exit status. */
        int sh(String script, String path, InputStream in, OutputStream out) {
            String variable = user.vars().getFirst();
            AppName app = new AppName(user.app());
            List<String> command = List.of("sh", "-c", "cd \"$%s\" && { %s; }".formatted(variable, script), "sh", path);
            Run request = new Run(command, Optional.of(true), Optional.empty(), Optional.empty());
            return new Remote(session, session.client(), app, new Remote.Wish(false, true), new Remote.Pipes(in, out))
                    .run(Client.path("apps", app.value(), "runs"), request);
        }

        StoaException failed(String what) {
            return new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "%s, as the app %s sees the volume %s; what it said stands above"
                            .formatted(what, user.app(), volume.name()),
                    "");
        }
    }

    /** Within its folder: nothing but its own files is to be had by a volume's name. */
    private static String within(String path) {
        String own = path.replaceFirst("^/+", "");
        if (Stream.of(own.split("/", -1)).anyMatch(".."::equals)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST, "\"%s\" leads out of the volume".formatted(path), "leave the \"..\" out");
        }
        return "./" + own;
    }

    /** @param type file, folder, link or other */
    record Entry(String name, String type, long sizeBytes, String modifiedAt) {}

    @Command(name = "ls", description = "List the files of a volume, as its app sees them: one folder.")
    static final class ListFiles implements Callable<Integer> {
        private static final Map<String, String> TYPES = Map.of("f", "file", "d", "folder", "l", "link");
        private final Session session;

        @Parameters(index = "0", paramLabel = "NAME", description = "As the list has it, or as the app knows it.")
        private String name = "";

        @Parameters(index = "1", arity = "0..1", paramLabel = "PATH", description = "Of a folder or a file in it.")
        private String path = "";

        ListFiles(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            Mounted mounted = Mounted.of(session, name);
            ByteArrayOutputStream said = new ByteArrayOutputStream();
            String find = "find \"$1\" -maxdepth 1 ! -path \"$1\" -printf '%y %s %T@ %P\\0';"
                    + " [ -d \"$1\" ] || find \"$1\" -maxdepth 0 -printf '%y %s %T@ %f\\0'";
            if (mounted.sh(find, within(path), InputStream.nullInputStream(), said) != 0) {
                throw mounted.failed("\"%s\" cannot be listed".formatted(path));
            }
            List<Entry> entries = Stream.of(
                            said.toString(StandardCharsets.UTF_8).split("\0", -1))
                    .filter(line -> !line.isEmpty())
                    .map(ListFiles::entry)
                    .sorted(java.util.Comparator.comparing(Entry::name))
                    .toList();
            Terminal terminal = session.terminal();
            terminal.show(entries, () -> {
                entries.forEach(entry -> terminal.line("%-24s %14s  %s"
                        .formatted(
                                entry.modifiedAt(),
                                entry.type().equals("file") ? Long.toString(entry.sizeBytes()) : entry.type(),
                                BucketFilesCommands.shown(entry.name()))));
                if (entries.isEmpty()) {
                    terminal.line("No files.");
                }
            });
            return 0;
        }

        private static Entry entry(String line) {
            String[] parts = line.split(" ", 4);
            return new Entry(
                    parts[3],
                    TYPES.getOrDefault(parts[0], "other"),
                    Long.parseLong(parts[1]),
                    Instant.ofEpochSecond(Long.parseLong(parts[2].replaceFirst("\\..*", "")))
                            .toString());
        }
    }

    @Command(name = "cp", description = "Copy files or folders to a volume or from it: one of both is NAME:PATH.")
    static final class Copy implements Callable<Integer> {
        private static final Pattern PLACE = Pattern.compile("([a-z][a-z0-9-]*):(.*)", Pattern.DOTALL);

        /** What is there already stays as it is until all has come, or has come file by file into a folder that is there. */
        private static final String TAKE = """
                if [ -d "$1" ]; then tar -x --no-same-owner -f - -C "$1"
                else
                  into=$(dirname "$1") && mkdir -p "$into" && draft=$(mktemp -d "$into/.stoa-cp-XXXXXX") \
                  && trap 'rm -rf "$draft"' EXIT \
                  && tar -x --no-same-owner -f - -C "$draft" && mv -f -T "$draft"/* "$1"
                fi""";

        private final Session session;

        @Parameters(index = "0", paramLabel = "FROM", description = "A file or a folder, or NAME:PATH.")
        private String from = "";

        @Parameters(index = "1", paramLabel = "TO", description = "NAME:PATH, or a file or a folder.")
        private String to = "";

        Copy(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            Matcher source = PLACE.matcher(from);
            Matcher target = PLACE.matcher(to);
            if (source.matches() == target.matches()) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        (source.matches()
                                        ? "both \"%s\" and \"%s\" are in volumes, and this copies between one and this machine"
                                        : "neither \"%s\" nor \"%s\" is in a volume")
                                .formatted(from, to),
                        "for example: stoa volume cp data:uploads . ; a file with a colon in its name is ./NAME");
            }
            if (target.matches()) {
                up(Path.of(from), Mounted.of(session, target.group(1)), target.group(2));
            } else {
                down(Mounted.of(session, source.group(1)), source.group(2), Path.of(to));
            }
            session.terminal()
                    .show(
                            Map.of("from", from, "to", to),
                            () -> session.terminal().line("Copied %s to %s.".formatted(from, to)));
            return 0;
        }

        private void up(Path file, Mounted mounted, String path) {
            Path whole = file.toAbsolutePath().normalize();
            if (!Files.exists(whole) || whole.getFileName() == null) {
                throw new StoaException(ErrorCode.BAD_REQUEST, "there is no file %s".formatted(file), "");
            }
            Process tar = tar("-cf", "-", "-C", String.valueOf(whole.getParent()), "./" + whole.getFileName());
            try (InputStream in = tar.getInputStream()) {
                int status = mounted.sh(TAKE, within(path), in, OutputStream.nullOutputStream());
                if (status != 0) {
                    throw mounted.failed("%s cannot be written".formatted(to));
                }
                end(tar);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } finally {
                tar.destroy();
            }
        }

        private void down(Mounted mounted, String path, Path target) {
            Path whole = target.toAbsolutePath().normalize();
            Path folder = Files.isDirectory(whole) ? whole : Objects.requireNonNull(whole.getParent(), to);
            Path draft = null;
            try {
                draft = Files.createTempDirectory(folder, ".stoa-cp-");
                Process tar = tar("-x", "--no-same-owner", "-f", "-", "-C", draft.toString());
                try {
                    // The folder of the volume itself has no name that says anything: what is in it is copied.
                    String give = "tar -cf - -C \"$(dirname \"$1\")\" -- \"$(basename \"$1\")\"";
                    String own = within(path);
                    boolean all = own.replace("/", "").equals(".");
                    int status;
                    try (OutputStream out = tar.getOutputStream()) {
                        status = mounted.sh(all ? "tar -cf - ." : give, own, InputStream.nullInputStream(), out);
                    }
                    if (status != 0) {
                        throw mounted.failed("%s cannot be read".formatted(from));
                    }
                    end(tar);
                    Path copy = all ? draft : only(draft);
                    place(copy, folder.equals(whole) && !all ? whole.resolve(copy.getFileName()) : whole);
                } finally {
                    tar.destroy();
                }
            } catch (IOException e) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST, "cannot write %s: %s".formatted(to, Reason.of(e)), "", e);
            } finally {
                if (draft != null) {
                    delete(draft);
                }
            }
        }

        private static Path only(Path draft) throws IOException {
            try (Stream<Path> files = Files.list(draft)) {
                return files.findFirst().orElseThrow();
            }
        }

        /** By that name, or, of a folder that is there, beside and over what is in it. */
        private static void place(Path copy, Path target) throws IOException {
            if (!Files.isDirectory(target) || !Files.isDirectory(copy)) {
                Files.move(copy, target, StandardCopyOption.REPLACE_EXISTING);
                return;
            }
            List<Path> all;
            try (Stream<Path> files = Files.walk(copy)) {
                all = files.toList();
            }
            for (Path each : all) {
                Path goal = target.resolve(copy.relativize(each).toString());
                if (Files.isDirectory(each, LinkOption.NOFOLLOW_LINKS)) {
                    Files.createDirectories(goal);
                } else {
                    Files.move(each, goal, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }

        private static void delete(Path draft) {
            try (Stream<Path> files = Files.walk(draft)) {
                files.sorted(java.util.Comparator.reverseOrder())
                        .forEach(file -> file.toFile().delete());
            } catch (IOException e) {
                System.getLogger(VolumeFilesCommands.class.getName())
                        .log(System.Logger.Level.DEBUG, "left over " + draft, e);
            }
        }

        private static Process tar(String... arguments) {
            List<String> command = new ArrayList<>(List.of("tar"));
            command.addAll(List.of(arguments));
            try {
                return new ProcessBuilder(command)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
            } catch (IOException e) {
                throw new StoaException(ErrorCode.TOOL_MISSING, "tar is not on this machine", "apt-get install tar", e);
            }
        }

        private static void end(Process tar) {
            try {
                if (tar.waitFor() != 0) {
                    throw new StoaException(
                            ErrorCode.BAD_REQUEST, "tar failed on this machine; what it said stands above", "");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new StoaException(ErrorCode.CANCELLED, "interrupted", "", e);
            }
        }
    }
}
