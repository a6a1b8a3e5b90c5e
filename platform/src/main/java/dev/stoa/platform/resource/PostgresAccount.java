package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * The user as which the servers of resources run: those of PostgreSQL refuse to run as root, and others better do. Whoever is not root runs them as
 * himself. Root runs them as a user of their own in a mount namespace; where the kernel forbids that, in a user namespace in
 * which root is nobody.
 */
enum PostgresAccount {
    OWN,
    PRIVATE,
    NOBODY;

    /** Of the platform's own cluster: below the range of the apps' users, and used by no distribution. */
    static final int PRIVATE_UID = 69_999;

    private static final int PROBE_SECONDS_MAX = 10;

    /** The best that this machine allows. */
    static PostgresAccount choose() {
        if (!isRoot(ProcessHandle.current().pid())) {
            return OWN;
        }
        if (works(
                "unshare",
                "--mount",
                "--propagation",
                "slave",
                "sh",
                "-c",
                "mount -t tmpfs tmpfs /mnt && setpriv -h")) {
            return PRIVATE;
        }
        if (works("unshare", "--user", "true")) {
            return NOBODY;
        }
        throw new StoaException(
                ErrorCode.TOOL_MISSING,
                "the embedded PostgreSQL cannot run as root, and this machine lets root make neither a mount nor a user namespace",
                "start Stoa as another user, or give it a database with --database-url; the tools are in: apt install util-linux");
    }

    /**
     * The command that runs {@code program} of the binaries as this user.
     *
     * @param uid the number that a {@link #PRIVATE} user has
     */
    List<String> command(int uid, Path cluster, PostgresBinaries binaries, String program, List<String> arguments) {
        List<String> command = prefix(uid, cluster, binaries.directory().toString());
        Path home = this == PRIVATE ? Path.of("/mnt/postgres") : binaries.directory();
        command.add(home.resolve("bin").resolve(program).toString());
        command.addAll(arguments);
        return command;
    }

    /**
     * The command that runs any program of this machine as this user.
     *
     * @param home the folder that the user may reach, below whatever it stands
     */
    List<String> command(int uid, Path home, List<String> program) {
        List<String> command = prefix(uid, home, "");
        command.addAll(program);
        return command;
    }

    private List<String> prefix(int uid, Path home, String binaries) {
        return new ArrayList<>(
                switch (this) {
                    case OWN -> List.of();
                    case PRIVATE ->
                        List.of(
                                "unshare",
                                "--mount",
                                "--propagation",
                                "slave",
                                "sh",
                                "-c",
                                script(),
                                "sh",
                                home.toString(),
                                binaries,
                                Integer.toString(uid));
                    case NOBODY -> List.of("unshare", "--user");
                });
    }

    /** The path of a cluster's file as this user sees it. */
    String seen(Path cluster, String name) {
        return (this == PRIVATE ? Path.of("/mnt/cluster") : cluster)
                .resolve(name)
                .toString();
    }

    /**
     * Gives the cluster to this user, if it is another's.
     *
     * @param number the one that a {@link #PRIVATE} user has
     */
    void own(int number, Path cluster) throws IOException {
        if (this == OWN) {
            return;
        }
        int uid = this == PRIVATE ? number : 0;
        Path data = cluster.resolve(PostgresCluster.DATA);
        if (uid(cluster) == uid && (!Files.exists(data) || uid(data) == uid)) {
            return;
        }
        Files.walkFileTree(cluster, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) throws IOException {
                return visitFile(dir, attributes);
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.setAttribute(file, "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
                Files.setAttribute(file, "unix:gid", uid, LinkOption.NOFOLLOW_LINKS);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static int uid(Path file) throws IOException {
        return (int) Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    }

    /** By the process's number: {@code /proc/self} itself is a link, and root's for everybody. */
    static boolean isRoot(long pid) {
        try {
            return uid(Path.of("/proc", Long.toString(pid))) == 0;
        } catch (IOException | UnsupportedOperationException e) {
            return "root".equals(System.getProperty("user.name"));
        }
    }

    private static boolean works(String... command) {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (process.waitFor(PROBE_SECONDS_MAX, TimeUnit.SECONDS)) {
                return process.exitValue() == 0;
            }
            process.destroyForcibly();
            return false;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static String script() {
        try (InputStream script =
                Objects.requireNonNull(PostgresAccount.class.getResourceAsStream("private-account.sh"))) {
            return new String(script.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read private-account.sh from the class path", e);
        }
    }
}
