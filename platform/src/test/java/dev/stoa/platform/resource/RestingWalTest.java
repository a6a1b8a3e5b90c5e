package dev.stoa.platform.resource;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RestingWalTest {
    private static final int SEGMENT_BYTES = 1 << 20;
    private static final int SHUT_DOWN = 1;
    private static final long LAST = 4L * SEGMENT_BYTES + 0x28;
    private static final List<String> ALL = List.of(
            "000000010000000000000002",
            "000000010000000000000003",
            "000000010000000000000004",
            "000000010000000000000005",
            "000000010000000000000006");

    @TempDir
    private Path data;

    @BeforeEach
    void make() throws IOException {
        Files.createDirectories(data.resolve("pg_wal/archive_status"));
        Files.createDirectories(data.resolve("pg_replslot"));
        Files.createDirectories(data.resolve("global"));
        for (String segment : ALL) {
            Files.write(data.resolve("pg_wal").resolve(segment), written(SEGMENT_BYTES));
        }
        status("000000010000000000000002.done");
        status("000000010000000000000003.ready");
        control(1800, SHUT_DOWN, LAST, LAST);
    }

    private void status(String name) throws IOException {
        Files.createFile(data.resolve("pg_wal/archive_status").resolve(name));
    }

    private void control(int version, int state, long last, long redo) throws IOException {
        ByteBuffer control = ByteBuffer.allocate(8192).order(ByteOrder.nativeOrder());
        control.putInt(8, version)
                .putInt(16, state)
                .putLong(32, last)
                .putLong(40, redo)
                .putInt(48, 1);
        Files.write(data.resolve(ClusterFiles.CONTROL), control.array());
    }

    private List<String> names(String folder) throws IOException {
        try (Stream<Path> files = Files.list(data.resolve(folder))) {
            return files.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void whatIsArchivedGoesAndWhatIsYetToBeWrittenAndWhatWaitsStays() throws Exception {
        RestingWal.trim(data);

        assertThat(names("pg_wal")).containsExactly("000000010000000000000003", "000000010000000000000004");
        assertThat(names("pg_wal/archive_status")).containsExactly("000000010000000000000003.ready");
        byte[] last = Files.readAllBytes(data.resolve("pg_wal/000000010000000000000004"));
        assertThat(last).hasSize(SEGMENT_BYTES);
        assertThat(last).startsWith(written(2 * 8192)).endsWith(new byte[SEGMENT_BYTES - 2 * 8192]);
    }

    private static byte[] written(int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) 7);
        return bytes;
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "a server that was killed,     1800, 6, 4194344, 4194344",
        "a version that is not known,  1900, 1, 4194344, 4194344",
        "a checkpoint of another kind, 1800, 1, 4194344, 4194304",
        "a segment that is not there,  1800, 1, 9437224, 9437224",
        "the last page of a segment,   1800, 1, 5242000, 5242000",
    })
    void nothingIsTouchedAfter(String what, int version, int state, long last, long redo) throws Exception {
        control(version, state, last, redo);

        RestingWal.trim(data);

        assertThat(names("pg_wal")).isEqualTo(ALL);
        assertThat(Files.readAllBytes(data.resolve("pg_wal/000000010000000000000004")))
                .isEqualTo(written(SEGMENT_BYTES));
    }

    @Test
    void nothingIsTouchedWhileAServerMayRunOrAReplicaIsToReadTheLog() throws Exception {
        Files.createDirectory(data.resolve("pg_replslot/replica"));
        RestingWal.trim(data);
        assertThat(names("pg_wal")).isEqualTo(ALL);

        Files.delete(data.resolve("pg_replslot/replica"));
        Files.createFile(data.resolve("postmaster.pid"));
        RestingWal.trim(data);
        assertThat(names("pg_wal")).isEqualTo(ALL);
    }
}
