package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * All backups of one database. It needs nothing but its files and the key:
 *
 * <pre>
 * ID/archive.json            whose it is, and the fingerprint of the key; the only file in the clear
 * ID/wal/SEGMENT.MILLIS      the write-ahead log; MILLIS is when the database last wrote to the segment
 * ID/base/BACKUP/part-N      the files of the cluster
 * ID/base/BACKUP/manifest    there when the backup is complete
 * ID/base/BACKUP/proof       there when it was started, and read through
 * </pre>
 */
final class BackupArchive {
    static final String HEAD = "archive.json";

    /** Of an archive with the name that {@link BackupPlace#fresh} gives it. */
    private static final Pattern HEAD_PATH = Pattern.compile("(?:.*/)?([a-z0-9-]+)-[0-9a-f]{8}/" + Pattern.quote(HEAD));

    private static final String WAL = "wal/";
    private static final String BASE = "base/";
    private static final String MANIFEST = "/manifest";
    private static final String PROOF = "/proof";

    private final BackupTarget target;
    private final String id;
    private final BackupKey key;
    private final Map<String, BackupManifest> manifests = new ConcurrentHashMap<>();

    BackupArchive(BackupTarget target, String id, BackupKey key) {
        this.target = target;
        this.id = id;
        this.key = key;
    }

    /** @param fingerprint of the key */
    record Head(int format, String database, String fingerprint) {}

    /** @param until what was committed before then is in it, or in one before it */
    record Wal(WalName name, Instant until, String file, long sizeBytes) {}

    /** @param checked what was done, in words */
    record Proof(Instant at, String checked) {}

    /** @param proof that it can be restored, if there was one */
    record Backup(BackupManifest manifest, long sizeBytes, Optional<Proof> proof) {
        String id() {
            return manifest.id();
        }
    }

    /** Whose archives there are among such files. */
    static Set<String> databases(List<String> heads) {
        return heads.stream()
                .map(HEAD_PATH::matcher)
                .filter(Matcher::matches)
                .map(head -> head.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    String id() {
        return id;
    }

    String text() {
        return target.text() + "/" + id;
    }

    BackupKey key() {
        return key;
    }

    private String name(String rest) {
        return id + "/" + rest;
    }

    /** Makes the archive unless it is there, and sees that it is this key's. */
    void prepare(String database) throws IOException {
        try {
            checkKey();
        } catch (NoSuchFileException e) {
            byte[] head = Json.writePretty(new Head(BackupManifest.FORMAT, database, key.fingerprint()))
                    .getBytes(StandardCharsets.UTF_8);
            target.put(name(HEAD), out -> out.write(head));
        }
    }

    /** @throws StoaException if the key is another's */
    Head checkKey() throws IOException {
        Head head;
        try (InputStream in = target.get(name(HEAD))) {
            head = Json.read(new String(in.readAllBytes(), StandardCharsets.UTF_8), Head.class);
        }
        if (!head.fingerprint().equals(key.fingerprint())) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "the backups in %s were made with another key: its fingerprint is %s, and this key's is %s"
                            .formatted(text(), head.fingerprint(), key.fingerprint()),
                    "on the platform that made them: stoa db backup-key " + head.database());
        }
        return head;
    }

    /** The archives in a target, by their ids. */
    static List<String> idsIn(BackupTarget target) throws IOException {
        return target.list("").stream()
                .map(BackupTarget.Item::name)
                .filter(name -> name.endsWith("/" + HEAD))
                .map(name -> name.substring(0, name.length() - HEAD.length() - 1))
                .filter(name -> !name.contains("/"))
                .toList();
    }

    void put(String rest, BackupTarget.Content content) throws IOException {
        String name = name(rest);
        target.put(name, out -> {
            try (OutputStream sealed = SealedStream.seal(out, key, name)) {
                content.writeTo(sealed);
            }
        });
    }

    InputStream open(String rest) throws IOException {
        String name = name(rest);
        return SealedStream.open(target.get(name), key, name);
    }

    /** @param until when the database last wrote to it */
    void putWal(String file, Instant until, Path content) throws IOException {
        put(WAL + file + "." + until.toEpochMilli(), out -> Files.copy(content, out));
    }

    /** The segments that there are, in order. */
    NavigableMap<WalName, Wal> wal() throws IOException {
        NavigableMap<WalName, Wal> found = new TreeMap<>();
        String prefix = name(WAL);
        for (BackupTarget.Item item : target.list(prefix)) {
            String file = item.name().substring(prefix.length());
            int dot = file.lastIndexOf('.');
            if (dot > 0 && WalName.isOne(file.substring(0, dot))) {
                Wal wal = new Wal(
                        new WalName(file.substring(0, dot)),
                        Instant.ofEpochMilli(Long.parseLong(file.substring(dot + 1))),
                        file,
                        item.sizeBytes());
                // One may be there twice, after a crash; they are the same, and the earlier time is sure.
                found.merge(wal.name(), wal, (one, other) -> one.until().isBefore(other.until()) ? one : other);
            }
        }
        return found;
    }

    /** The archived file of that name, whose time nobody knows; empty if there is none. */
    Optional<InputStream> findWal(String file) throws IOException {
        String prefix = name(WAL) + file + ".";
        for (BackupTarget.Item item : target.list(name(WAL))) {
            String rest = item.name().startsWith(prefix) ? item.name().substring(prefix.length()) : "";
            if (!rest.isEmpty() && rest.chars().allMatch(Character::isDigit)) {
                return Optional.of(open(item.name().substring(id.length() + 1)));
            }
        }
        return Optional.empty();
    }

    InputStream openWal(Wal wal) throws IOException {
        return open(WAL + wal.file());
    }

    /** What there is of the segments from this one on, up to the first gap. */
    List<Wal> walFrom(WalName first, long segmentBytes) throws IOException {
        NavigableMap<WalName, Wal> all = wal();
        List<Wal> unbroken = new ArrayList<>();
        for (WalName next = first; all.containsKey(next); next = next.next(segmentBytes)) {
            unbroken.add(all.get(next));
        }
        return unbroken;
    }

    static String part(String backup, int number) {
        return "%s%s/part-%05d".formatted(BASE, backup, number);
    }

    void putManifest(BackupManifest manifest) throws IOException {
        byte[] json = Json.write(manifest).getBytes(StandardCharsets.UTF_8);
        put(BASE + manifest.id() + MANIFEST, out -> out.write(json));
    }

    void putProof(String backup, Proof proof) throws IOException {
        byte[] json = Json.write(proof).getBytes(StandardCharsets.UTF_8);
        put(BASE + backup + PROOF, out -> out.write(json));
    }

    /** A backup that could not be restored is not proven any more. */
    void withdrawProof(String backup) throws IOException {
        target.delete(name(BASE + backup + PROOF));
    }

    /** The complete ones, the oldest first. */
    List<Backup> backups() throws IOException {
        String prefix = name(BASE);
        Map<String, Long> sizes = new TreeMap<>();
        Map<String, Boolean> complete = new TreeMap<>();
        Map<String, Boolean> proven = new TreeMap<>();
        for (BackupTarget.Item item : target.list(prefix)) {
            String backup = item.name().substring(prefix.length()).replaceFirst("/.*", "");
            sizes.merge(backup, item.sizeBytes(), Long::sum);
            if (item.name().equals(prefix + backup + MANIFEST)) {
                complete.put(backup, true);
            }
            if (item.name().equals(prefix + backup + PROOF)) {
                proven.put(backup, true);
            }
        }
        List<Backup> backups = new ArrayList<>();
        for (String backup : complete.keySet()) {
            Optional<Proof> proof = proven.containsKey(backup)
                    ? Optional.of(read(BASE + backup + PROOF, Proof.class))
                    : Optional.empty();
            backups.add(new Backup(manifest(backup), sizes.getOrDefault(backup, 0L), proof));
        }
        return backups;
    }

    private BackupManifest manifest(String backup) throws IOException {
        BackupManifest known = manifests.get(backup);
        if (known == null) {
            known = read(BASE + backup + MANIFEST, BackupManifest.class);
            if (known.format() > BackupManifest.FORMAT) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "the backup %s in %s was made by a newer Stoa".formatted(backup, text()),
                        "restore it with a Stoa that is at least as new");
            }
            manifests.put(backup, known);
        }
        return known;
    }

    private <T> T read(String rest, Class<T> type) throws IOException {
        try (InputStream in = open(rest)) {
            return Json.read(new String(in.readAllBytes(), StandardCharsets.UTF_8), type);
        }
    }

    /** What is left of backups that were never completed. */
    void dropUnfinished() throws IOException {
        List<String> complete = backups().stream().map(Backup::id).toList();
        String prefix = name(BASE);
        for (BackupTarget.Item item : target.list(prefix)) {
            String backup = item.name().substring(prefix.length()).replaceFirst("/.*", "");
            if (!complete.contains(backup)) {
                target.delete(item.name());
            }
        }
    }

    /** Its manifest goes first: what is left afterwards is no backup any more. */
    void delete(String backup) throws IOException {
        target.delete(name(BASE + backup + PROOF));
        target.delete(name(BASE + backup + MANIFEST));
        for (BackupTarget.Item item : target.list(name(BASE + backup + "/"))) {
            target.delete(item.name());
        }
        manifests.remove(backup);
    }

    /** Deletes the log that no restore of these backups needs. */
    void dropWalBefore(WalName first) throws IOException {
        for (Wal wal : wal().headMap(first).values()) {
            target.delete(name(WAL + wal.file()));
        }
    }

    void deleteEverything() throws IOException {
        for (BackupTarget.Item item : target.list(id + "/")) {
            target.delete(item.name());
        }
    }
}
