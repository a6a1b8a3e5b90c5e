package dev.stoa.platform.control;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.FileTree;
import dev.stoa.platform.certificate.LocalAuthority;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The data directory: what stands where in it, and the lock that keeps a second platform out.
 *
 * <pre>
 * lock             held by the platform that runs
 * platform.json    where it answers; there while it runs
 * token            for its API
 * secret.key       seals the config
 * ca/              the platform's own certificate authority: ca.pem for clients to trust, ca.key
 * postgres/        the store
 * buckets/         the objects in them, by random names
 * volumes/ID/      the files of volumes, and their snapshots
 * instances/       the engine's
 * routers          ids of those in other processes
 * known_hosts      the keys of the SSH servers that were fetched from
 * apps/NAME/       builds/ID/slug, cache, git (pushed to), fetched (from a git URL), crons (what their runs said)
 * uploads/         archives that wait for their build
 * deploys/         what each deploy said
 * logs/            of the apps
 * </pre>
 */
public final class Home implements AutoCloseable {
    private static final String UPLOAD_SUFFIX = ".tar.gz";

    private final Path root;
    private final FileChannel lockFile;
    private volatile boolean beaconKept;

    private Home(Path root, FileChannel lockFile) {
        this.root = root;
        this.lockFile = lockFile;
    }

    /** What clients read to find the platform. */
    public record Beacon(long pid, String url) {}

    /**
     * Takes the directory for this process; makes it if it is not there.
     *
     * @throws StoaException if another platform has it, naming its pid
     */
    public static Home open(Path root) {
        try {
            Files.createDirectories(
                    root, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            FileChannel channel = FileChannel.open(
                    root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            if (!locked(channel)) {
                channel.close();
                String who = beacon(root).map(beacon -> "pid " + beacon.pid()).orElse("starting just now");
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "another platform runs on %s (%s)".formatted(root, who),
                        "stop it with: stoa down   or give this one a directory of its own: STOA_HOME=/another/dir stoa up");
            }
            Home home = new Home(root.toRealPath(), channel);
            FileTree.createTop(home.apps());
            // While one platform follows another, what it says still holds: clients wait where it says.
            if (beacon(root).flatMap(beacon -> ProcessHandle.of(beacon.pid())).isEmpty()) {
                Files.deleteIfExists(home.beaconFile());
            }
            return home;
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.INTERNAL,
                    "cannot use the data directory %s: %s".formatted(root, e),
                    "STOA_HOME names another one",
                    e);
        }
    }

    private static boolean locked(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    public Path root() {
        return root;
    }

    public Path postgres() {
        return root.resolve("postgres");
    }

    public Path databases() {
        return root.resolve("databases");
    }

    public Path buckets() {
        return root.resolve("buckets");
    }

    /** What builds of all apps share. */
    public Path toolchains() {
        return root.resolve("toolchains");
    }

    public Path volumes() {
        return root.resolve("volumes");
    }

    public Path caches() {
        return root.resolve("caches");
    }

    public Path instances() {
        return root.resolve("instances");
    }

    public Path logs() {
        return root.resolve("logs");
    }

    public Path secretKey() {
        return root.resolve("secret.key");
    }

    public Path authority() {
        return root.resolve("ca");
    }

    /** What clients can trust, to believe the platform's own certificate authority. */
    public Path authorityCertificate() {
        return LocalAuthority.certificateFile(authority());
    }

    Path deploys() {
        return root.resolve("deploys");
    }

    Path upload(String deploy) {
        return root.resolve("uploads").resolve(deploy + UPLOAD_SUFFIX);
    }

    /** Deletes the uploads that belong to none of these deploys: their platform did not survive them. */
    void dropUploads(Set<String> deploys) {
        Path uploads = root.resolve("uploads");
        if (!Files.isDirectory(uploads)) {
            return;
        }
        try (Stream<Path> files = Files.list(uploads)) {
            files.filter(file -> !deploys.contains(file.getFileName().toString().replace(UPLOAD_SUFFIX, "")))
                    .forEach(FileTree::delete);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + uploads, e);
        }
    }

    private Path apps() {
        return root.resolve("apps");
    }

    Path app(String name) {
        return apps().resolve(name);
    }

    Path cache(String app) {
        return app(app).resolve("cache");
    }

    /** What was fetched last for the app, to make the next fetch small. */
    Path fetched(String app) {
        return app(app).resolve("fetched");
    }

    Path knownHosts() {
        return root.resolve("known_hosts");
    }

    /** The repository that is pushed to. */
    Path git(String app) {
        return app(app).resolve("git");
    }

    /** What the runs of its scheduled jobs said. */
    Path crons(String app) {
        return app(app).resolve("crons");
    }

    Path build(String app, String build) {
        return builds(app).resolve(build);
    }

    private Path builds(String app) {
        return app(app).resolve("builds");
    }

    /** Makes the empty folder for the source of a build, which becomes its slug. */
    Path createSlug(String app, String build) throws IOException {
        FileTree.delete(build(app, build));
        if (!Files.isDirectory(builds(app))) {
            FileTree.createTop(builds(app));
        }
        return Files.createDirectories(build(app, build).resolve("slug"));
    }

    /** The routers in other processes that may have a route table of the last platform. */
    Set<String> routers() {
        try {
            return Files.readAllLines(root.resolve("routers")).stream()
                    .filter(line -> !line.isBlank())
                    .collect(Collectors.toSet());
        } catch (IOException e) {
            return Set.of();
        }
    }

    void rememberRouters(Set<String> ids) {
        try {
            writePrivately(root.resolve("routers"), String.join("\n", ids));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + root.resolve("routers"), e);
        }
    }

    /** What the router shows of the app's own pages. */
    Path pages(String app, String build) {
        return build(app, build).resolve("pages");
    }

    /** The API's token, made at the first start. */
    public String token() {
        Path file = root.resolve("token");
        try {
            if (!Files.exists(file)) {
                byte[] random = new byte[24];
                new SecureRandom().nextBytes(random);
                writePrivately(file, HexFormat.of().formatHex(random) + "\n");
            }
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    /** Says to clients that the platform answers now. */
    public void light(Beacon beacon) {
        try {
            writePrivately(beaconFile(), Json.writePretty(beacon) + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + beaconFile(), e);
        }
    }

    /** Another platform follows at once, at the same address. */
    public void keepBeacon() {
        beaconKept = true;
    }

    /** What the platform that runs on the directory, or ran last, said. */
    public static Optional<Beacon> beacon(Path root) {
        try {
            return Optional.of(Json.read(Files.readString(root.resolve("platform.json")), Beacon.class));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    private Path beaconFile() {
        return root.resolve("platform.json");
    }

    private static void writePrivately(Path file, String text) throws IOException {
        Path draft = Files.createTempFile(file.getParent(), file.getFileName().toString(), ".new");
        Files.writeString(draft, text);
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Gives the directory back. */
    @Override
    public void close() {
        try {
            if (!beaconKept) {
                Files.deleteIfExists(beaconFile());
            }
            lockFile.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot give back " + root, e);
        }
    }
}
