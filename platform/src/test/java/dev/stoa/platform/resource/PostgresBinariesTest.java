package dev.stoa.platform.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.api.StoaException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresBinariesTest {
    @TempDir
    Path temp;

    @Test
    void twoThatUnpackAtOnceEndUpWithOneDirectory() throws Exception {
        CompletableFuture<PostgresBinaries> other =
                CompletableFuture.supplyAsync(() -> PostgresBinaries.unpacked(temp));
        PostgresBinaries mine = PostgresBinaries.unpacked(temp);

        assertThat(other.join()).isEqualTo(mine);
        assertThat(mine.version()).startsWith(mine.major() + ".");
        assertThat(entries(temp)).containsExactly(mine.directory());
        assertThat(mine.directory().resolve("bin/postgres")).isExecutable();
    }

    @Test
    void whatIsUnpackedIsNotUnpackedAgain() throws Exception {
        Path there = Files.createDirectories(temp.resolve("first"));
        URL archive = archive();
        PostgresBinaries first = PostgresBinaries.unpacked(archive, there);
        Path witness = Files.writeString(first.directory().resolve("witness"), "");

        assertThat(PostgresBinaries.unpacked(archive, there)).isEqualTo(first);
        assertThat(witness).exists();
    }

    @Test
    void aDamagedArchiveIsRefusedAndLeavesNothing() throws Exception {
        Path damaged = temp.resolve("damaged.txz");
        try (InputStream in = archive().openStream()) {
            byte[] bytes = in.readAllBytes();
            bytes[bytes.length / 2] ^= 1;
            Files.write(damaged, bytes);
        }
        Path into = temp.resolve("bin");

        assertThatThrownBy(() -> PostgresBinaries.unpacked(damaged.toUri().toURL(), into))
                .isInstanceOf(StoaException.class)
                .hasMessageContaining("cannot unpack PostgreSQL from")
                .hasMessageContaining("damaged.txz");
        assertThat(entries(into)).isEmpty();
    }

    @Test
    void theArchiveIsNamedAfterTheSystem() {
        assertThat(PostgresBinaries.archiveName("Linux", "amd64")).isEqualTo("postgres-linux-x86_64.txz");
        assertThat(PostgresBinaries.archiveName("Linux", "aarch64")).isEqualTo("postgres-linux-arm_64.txz");
        assertThat(PostgresBinaries.archiveName("Mac OS X", "aarch64")).isEqualTo("postgres-darwin-arm_64.txz");
    }

    @Test
    void aSystemWithoutAnArchiveIsTold() {
        assertThatThrownBy(() -> PostgresBinaries.unpackedFor("SunOS", "sparcv9", temp))
                .isInstanceOfSatisfying(
                        StoaException.class,
                        e -> assertThat(e.hint().orElseThrow()).contains("--database-url"))
                .hasMessageContaining("no PostgreSQL for SunOS on sparcv9");
    }

    private static URL archive() {
        String name = PostgresBinaries.archiveName(System.getProperty("os.name"), System.getProperty("os.arch"));
        return Objects.requireNonNull(PostgresBinaries.class.getResource("/" + name));
    }

    private static List<Path> entries(Path directory) throws Exception {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.toList();
        }
    }
}
