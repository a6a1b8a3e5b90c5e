package dev.stoa.cli;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "cp",
        description = "Copy a file to a bucket, an object to a file, or an object to a bucket: s3://NAME/KEY is in one."
                + " With -r, a whole folder.")
final class BucketCopyCommand implements Callable<Integer> {
    private static final String SCHEME = "s3://";

    private final Session session;

    @Parameters(index = "0", paramLabel = "FROM", description = "A file, or s3://NAME/KEY.")
    private String from = "";

    @Parameters(index = "1", paramLabel = "TO", description = "s3://NAME/KEY, or a file or folder.")
    private String to = "";

    @Option(
            names = {"-r", "--recursive"},
            description = "Everything in a folder, or that begins with a key. Replaces what is there.")
    private boolean recursive;

    private long objects;
    private long bytes;

    BucketCopyCommand(Session session) {
        this.session = session;
    }

    /** Where an object is, or several whose keys begin so. */
    private record Place(String bucket, String key) {
        static Optional<Place> of(String text) {
            if (!text.startsWith(SCHEME)) {
                return Optional.empty();
            }
            String[] parts = text.substring(SCHEME.length()).split("/", 2);
            return Optional.of(new Place(parts[0], parts.length < 2 ? "" : parts[1]));
        }

        Place resolve(String rest) {
            return new Place(bucket, key.isEmpty() || key.endsWith("/") ? key + rest : key + "/" + rest);
        }

        /** With the name of the file where it names only a folder. */
        Place named(String name) {
            return key.isEmpty() || key.endsWith("/") ? resolve(name) : this;
        }

        String name() {
            return key.replaceFirst("/+$", "").replaceFirst(".*/", "");
        }

        @Override
        public String toString() {
            return SCHEME + bucket + "/" + key;
        }
    }

    @Override
    public Integer call() {
        Optional<Place> source = Place.of(from);
        Optional<Place> target = Place.of(to);
        if (source.isEmpty() && target.isEmpty()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "neither \"%s\" nor \"%s\" is in a bucket".formatted(from, to),
                    "for example: stoa bucket cp cat.jpg s3://photos/cat.jpg");
        }
        if (recursive) {
            source.ifPresentOrElse(
                    place -> target.ifPresentOrElse(into -> across(place, into), () -> down(place, Path.of(to))),
                    () -> up(Path.of(from), target.orElseThrow()));
        } else {
            to = source.map(place -> target.map(into -> one(place, into)).orElseGet(() -> one(place, Path.of(to))))
                    .orElseGet(() -> one(Path.of(from), target.orElseThrow()));
        }
        session.terminal()
                .show(
                        Map.of("from", from, "to", to, "objects", objects, "bytes", bytes),
                        () -> session.terminal()
                                .line(
                                        recursive
                                                ? "Copied %d objects from %s to %s, %d bytes."
                                                        .formatted(objects, from, to, bytes)
                                                : "Copied %s to %s, %d bytes.".formatted(from, to, bytes)));
        return 0;
    }

    private String one(Path file, Place target) {
        if (!Files.isRegularFile(file)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "%s is %s".formatted(file, Files.isDirectory(file) ? "a folder" : "no file"),
                    Files.isDirectory(file) ? "with all that is in it: stoa bucket cp -r" : "");
        }
        Place into = target.named(file.getFileName().toString());
        put(file, into);
        return into.toString();
    }

    private String one(Place source, Path target) {
        require(source);
        Path file = target;
        if (Files.isDirectory(target)) {
            file = target.resolve(safe(source.name(), source.key()));
        }
        get(source, file);
        return file.toString();
    }

    private String one(Place source, Place target) {
        require(source);
        Place into = target.named(source.name());
        pass(source, into);
        return into.toString();
    }

    private static void require(Place source) {
        if (source.key().isEmpty()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "%s names no object".formatted(source),
                    "for example: stoa bucket cp s3://photos/cat.jpg . ; with -r all that is in it");
        }
    }

    private void up(Path folder, Place target) {
        if (!Files.isDirectory(folder)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST, "%s is no folder".formatted(folder), "without -r one file is copied");
        }
        try (Stream<Path> files = Files.walk(folder)) {
            files.filter(Files::isRegularFile)
                    .forEach(file ->
                            put(file, target.resolve(folder.relativize(file).toString())));
        } catch (IOException e) {
            throw new StoaException(ErrorCode.BAD_REQUEST, "cannot read %s: %s".formatted(folder, Reason.of(e)), "", e);
        }
    }

    private void down(Place source, Path folder) {
        each(source, (place, rest) -> {
            Path file = folder.resolve(safe(rest, place.key()));
            try {
                Files.createDirectories(file.toAbsolutePath().getParent());
            } catch (IOException e) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST, "cannot write %s: %s".formatted(file, Reason.of(e)), "", e);
            }
            get(place, file);
        });
    }

    private void across(Place source, Place target) {
        if (target.bucket().equals(source.bucket())
                && (target.key() + "/").startsWith(asFolder(source).key())) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST, "%s is within %s".formatted(target, source), "choose another key");
        }
        each(source, (place, rest) -> pass(place, target.resolve(rest)));
    }

    @FunctionalInterface
    private interface Copying {
        /** @param rest of the key, behind that of the folder */
        void of(Place place, String rest);
    }

    private static Place asFolder(Place place) {
        return place.key().isEmpty() || place.key().endsWith("/") ? place : place.resolve("");
    }

    private void each(Place source, Copying copying) {
        Place folder = asFolder(source);
        BucketFilesCommands.list(session, folder.bucket(), folder.key(), true, line -> {
            String rest = line.key().substring(folder.key().length());
            // What some tools put where a folder is: it has no name to go by.
            if (!rest.isEmpty() && !rest.endsWith("/")) {
                copying.of(new Place(folder.bucket(), line.key()), rest);
            }
        });
        if (objects == 0) {
            throw new StoaException(
                    ErrorCode.NOT_FOUND,
                    "there are no objects in %s".formatted(folder),
                    "stoa bucket ls shows what there is");
        }
    }

    /** A key may be any bytes, and is not to lead out of the folder. */
    private static String safe(String name, String key) {
        boolean safe = !name.startsWith("/")
                && Stream.of(name.split("/", -1))
                        .noneMatch(part -> part.isEmpty() || part.equals(".") || part.equals(".."));
        try {
            if (safe && !Path.of(name).isAbsolute()) {
                return name;
            }
        } catch (InvalidPathException e) {
            // Said below.
        }
        throw new StoaException(
                ErrorCode.BAD_REQUEST,
                "the key \"%s\" gives no name for a file".formatted(BucketFilesCommands.shown(key)),
                "copy it alone, and name the file, too");
    }

    private String url(Place place, String method, Map<String, String> headers) {
        String query = "method=%s&key=%s&headers=%s"
                .formatted(method, Client.escape(place.key()), Client.escape(Json.write(headers)));
        return BucketFilesCommands.signed(session, place.bucket(), "url", query);
    }

    private void put(Path file, Place into) {
        String type = URLConnection.guessContentTypeFromName(file.getFileName().toString());
        bytes += ObjectTransfer.upload(
                file, url(into, "PUT", Map.of()), type == null ? Map.of() : Map.of("content-type", type));
        objects++;
    }

    private void get(Place place, Path file) {
        bytes += ObjectTransfer.download(url(place, "GET", Map.of()), file);
        objects++;
    }

    private void pass(Place place, Place into) {
        Map<String, String> headers = ObjectTransfer.described(url(place, "HEAD", Map.of()));
        Map<String, String> signed = new TreeMap<>(headers);
        signed.keySet().removeIf(name -> !name.startsWith(ObjectTransfer.META));
        bytes += ObjectTransfer.pass(url(place, "GET", Map.of()), url(into, "PUT", signed), headers);
        objects++;
    }
}
