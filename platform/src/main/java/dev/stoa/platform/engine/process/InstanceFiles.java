package dev.stoa.platform.engine.process;

import dev.stoa.api.Json;
import dev.stoa.platform.engine.Exit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The directory of one instance. {@code spec.json} is written by the engine, {@code pid}, {@code logger} and
 * {@code exit} by the shim, {@code output} by its logger; the rest are the places where the shim mounts things.
 */
record InstanceFiles(Path directory) {
    private static final int TERMINATED = 128 + 15;

    /** As programs expect of a /tmp. */
    private static final int STICKY_AND_OPEN = 01777;

    private static final int OWNER_ONLY = 0600;

    /** What a later engine has to know; never the environment, which may hold secrets. */
    record Recorded(
            int tenant,
            String command,
            int port,
            Optional<String> address,
            boolean isolated,
            Instant startedAt,
            Optional<List<String>> mounts) {
        /** The folders that it was given. */
        List<Path> folders() {
            return mounts.orElse(List.of()).stream().map(Path::of).toList();
        }
    }

    String id() {
        return directory.getFileName().toString();
    }

    Path output() {
        return directory.resolve("output");
    }

    /** The slug that it was started from. */
    Path slug() throws IOException {
        return directory.resolve("lower").toRealPath();
    }

    /** What the instance writes into, and the logger reads from. */
    private Path pipe() {
        return directory.resolve("pipe");
    }

    Path exitFile() {
        return directory.resolve("exit");
    }

    /** Where the slug's own layer over the slug stands. */
    Path app() {
        return directory.resolve("app");
    }

    Path tmp() {
        return directory.resolve("tmp");
    }

    Path shm() {
        return directory.resolve("shm");
    }

    Path root() {
        return directory.resolve("root");
    }

    Path passwd() {
        return directory.resolve("passwd");
    }

    Path group() {
        return directory.resolve("group");
    }

    Path hosts() {
        return directory.resolve("hosts");
    }

    Path resolver() {
        return directory.resolve("resolv.conf");
    }

    /**
     * @param uid  of the user that the instance runs as; negative for the platform's own
     * @param home of that user
     */
    void create(Path slug, int uid, String home) throws IOException {
        Files.createDirectory(
                directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        for (String name : List.of("app", "upper", "work", "tmp", "shm", "root")) {
            Files.createDirectory(directory.resolve(name));
        }
        Files.setAttribute(tmp(), "unix:mode", STICKY_AND_OPEN);
        Files.createSymbolicLink(directory.resolve("lower"), slug);
        Files.createFile(output(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Libc.mkfifo(pipe().toString(), OWNER_ONLY);
        if (uid >= 0) {
            chown(pipe(), uid);
            chown(directory.resolve("upper"), uid);
            chown(tmp(), uid);
            account(passwd(), Path.of("/etc/passwd"), "app:x:" + uid + ":" + uid + "::" + home + ":/bin/sh\n");
            account(group(), Path.of("/etc/group"), "app:x:" + uid + ":\n");
        }
    }

    /** Programs that ask for the name of their user fail if there is none. */
    private static void account(Path file, Path system, String line) throws IOException {
        String present = Files.exists(system) ? Files.readString(system) : "";
        Files.writeString(file, present.isEmpty() || present.endsWith("\n") ? present + line : present + "\n" + line);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    }

    static void chown(Path path, int uid) throws IOException {
        if (!Integer.valueOf(uid).equals(Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS))) {
            Files.setAttribute(path, "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
            Files.setAttribute(path, "unix:gid", uid, LinkOption.NOFOLLOW_LINKS);
        }
    }

    void record(Recorded recorded) throws IOException {
        Path fresh = directory.resolve("spec.json.new");
        Files.writeString(fresh, Json.writePretty(recorded));
        Files.move(fresh, directory.resolve("spec.json"), StandardCopyOption.ATOMIC_MOVE);
    }

    Optional<Recorded> recorded() {
        try {
            return Optional.of(Json.read(Files.readString(directory.resolve("spec.json")), Recorded.class));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    /** The shim, if it still runs. */
    Optional<ProcessHandle> shim() {
        // A number alone may by now be somebody else's.
        return pid("pid")
                .flatMap(ProcessHandle::of)
                .filter(shim -> ProcessTree.commandLine(shim).contains(directory.toString()));
    }

    ProcessTree tree(ProcessHandle shim, boolean isolated) {
        return new ProcessTree(shim, pid("logger").orElse(0L), isolated);
    }

    private Optional<Long> pid(String file) {
        try {
            return Optional.of(
                    Long.valueOf(Files.readString(directory.resolve(file)).strip()));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** How the instance ended, if the shim has recorded it. */
    Optional<Exit> exit() {
        try {
            String[] words = Files.readString(exitFile()).strip().split(" ", -1);
            if (words.length < 3) {
                return Optional.empty(); // the shim is just writing it
            }
            int status = Integer.parseInt(words[0]);
            boolean outOfMemory = !words[1].equals("0") && status != 0 && status != TERMINATED;
            return Optional.of(new Exit(
                    status,
                    outOfMemory ? Exit.Cause.OUT_OF_MEMORY : Exit.Cause.EXITED,
                    Files.getLastModifiedTime(exitFile()).toInstant()));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
