package dev.stoa.platform.observe;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The log of one app: numbered segments, of which only the last grows and the oldest go. Whoever calls holds the lock that is
 * this object.
 */
final class AppLog {
    private final Path directory;
    private final long segmentBytesMax;
    private final int segmentsMax;

    /** Those who follow; each gets every record that is added, and nothing when the log is deleted. */
    final List<BlockingQueue<Optional<LogRecord>>> followers = new CopyOnWriteArrayList<>();

    private Optional<Path> growing = Optional.empty();
    private long growingBytes;

    AppLog(Path directory, long segmentBytesMax, int segmentsMax) {
        this.directory = directory;
        this.segmentBytesMax = segmentBytesMax;
        this.segmentsMax = segmentsMax;
    }

    void append(List<LogRecord> records) throws IOException {
        StringBuilder text = new StringBuilder();
        records.forEach(record -> text.append(record.written()));
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        Path segment = segment();
        try {
            Files.write(segment, bytes, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            growing = Optional.empty(); // so that what was written in part is cut off
            throw e;
        }
        growingBytes += bytes.length;
        for (LogRecord record : records) {
            // One who reads too slowly misses lines; nobody waits for it.
            Optional<LogRecord> added = Optional.of(record);
            followers.forEach(follower -> follower.offer(added));
        }
    }

    /** Tells those who follow that nothing will come any more. */
    void end() {
        for (BlockingQueue<Optional<LogRecord>> follower : followers) {
            while (!follower.offer(Optional.empty())) {
                follower.clear();
            }
        }
    }

    /** Tells the records from the newest back, until the receiver returns false. */
    void backwards(Predicate<LogRecord> receiver) throws IOException {
        if (growing.isEmpty() && Files.isDirectory(directory)) {
            growing = Optional.of(segment()); // which mends it
        }
        for (Path segment : segments().reversed()) {
            List<String> lines = new String(Files.readAllBytes(segment), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            for (String line : lines.reversed()) {
                Optional<LogRecord> record = LogRecord.parsed(line);
                if (record.isPresent() && !receiver.test(record.get())) {
                    return;
                }
            }
        }
    }

    /** The segment to add to: the last one, or a new one when that is full. */
    private Path segment() throws IOException {
        if (growing.isEmpty()) {
            Files.createDirectories(directory);
            List<Path> segments = segments();
            Path last = segments.isEmpty() ? path(1) : segments.getLast();
            growingBytes = Files.exists(last) ? mended(last) : 0;
            growing = Optional.of(last);
        }
        if (growingBytes >= segmentBytesMax) {
            growing = Optional.of(path(number(growing.get()) + 1));
            growingBytes = 0;
            List<Path> segments = segments();
            for (Path old : segments.subList(0, Math.max(0, segments.size() - segmentsMax + 1))) {
                Files.delete(old);
            }
        }
        return growing.get();
    }

    /** Cuts off a last record that was not written to its end, and returns the size. */
    private static long mended(Path segment) throws IOException {
        byte[] bytes = Files.readAllBytes(segment);
        int end = bytes.length;
        while (end > 0 && bytes[end - 1] != '\n') {
            end--;
        }
        if (end < bytes.length) {
            Files.write(segment, java.util.Arrays.copyOf(bytes, end));
        }
        return end;
    }

    private List<Path> segments() throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return new ArrayList<>(files.filter(file -> file.toString().endsWith(".log"))
                    .sorted(Comparator.comparingInt(AppLog::number))
                    .toList());
        }
    }

    private Path path(int number) {
        return directory.resolve("%08d.log".formatted(number));
    }

    private static int number(Path segment) {
        String name = segment.getFileName().toString();
        return Integer.parseInt(name.substring(0, name.length() - ".log".length()));
    }
}
