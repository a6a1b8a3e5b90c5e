package dev.stoa.platform.resource;

import dev.stoa.api.Json;
import dev.stoa.platform.base.FileTree;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What persistent caches held that were destroyed: a folder for each, named {@code NAME@SECONDS} by when that was, with the
 * files of the server and {@code settings.json}.
 */
final class CacheKeep {
    private static final System.Logger LOG = System.getLogger(CacheKeep.class.getName());

    private static final String SETTINGS = "settings.json";

    private final Path root;
    private final Duration longest;
    private final InstantSource clock;

    CacheKeep(Path root, Duration longest, InstantSource clock) {
        this.root = root;
        this.longest = longest;
        this.clock = clock;
    }

    /** @param folder its name here */
    record One(String folder, String name, Instant at, Map<String, String> settings) {}

    /** Takes the files of a cache that does not run. Does nothing if they are gone already. */
    void take(ResourceSpec spec, Path home) throws IOException {
        if (!Files.isDirectory(home)) {
            return;
        }
        DatabaseFolder.make(root);
        Files.writeString(home.resolve(SETTINGS), Json.write(spec.settings()));
        long seconds = clock.instant().getEpochSecond();
        while (Files.exists(root.resolve(spec.name() + "@" + seconds))) {
            seconds++;
        }
        Files.move(home, root.resolve(spec.name() + "@" + seconds), StandardCopyOption.ATOMIC_MOVE);
    }

    boolean has(String folder) {
        return Files.isDirectory(root.resolve(folder));
    }

    /** Gives the files to another cache, which has no folder yet. */
    void give(String folder, Path home) throws IOException {
        Files.move(root.resolve(folder), home, StandardCopyOption.ATOMIC_MOVE);
    }

    /** The latest first. */
    List<One> all() {
        if (!Files.isDirectory(root)) {
            return List.of();
        }
        List<One> all = new ArrayList<>();
        try (Stream<Path> folders = Files.list(root)) {
            for (Path folder : folders.toList()) {
                add(folder, all);
            }
        } catch (IOException e) {
            throw CacheServer.unusable(root, e);
        }
        all.sort(Comparator.comparing(One::at).reversed());
        return all;
    }

    private static void add(Path folder, List<One> all) {
        String full = String.valueOf(folder.getFileName());
        int at = full.lastIndexOf('@');
        try {
            Map<?, ?> written = Json.read(Files.readString(folder.resolve(SETTINGS)), Map.class);
            Map<String, String> settings = new TreeMap<>();
            written.forEach((key, value) -> settings.put(String.valueOf(key), String.valueOf(value)));
            Instant when = Instant.ofEpochSecond(Long.parseLong(full.substring(at + 1)));
            all.add(new One(full, full.substring(0, Math.max(0, at)), when, settings));
        } catch (IOException | NumberFormatException | DateTimeException e) {
            LOG.log(Level.WARNING, "not what is kept of a cache folder=" + folder, e);
        }
    }

    /** Deletes what was kept for long enough. */
    void collect() {
        Instant before = clock.instant().minus(longest);
        all().stream().filter(one -> one.at().isBefore(before)).forEach(one -> {
            FileTree.delete(root.resolve(one.folder()));
            LOG.log(Level.INFO, "deleted what was kept of a cache folder={0}", one.folder());
        });
    }
}
