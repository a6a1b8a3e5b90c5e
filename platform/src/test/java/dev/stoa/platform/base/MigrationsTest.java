package dev.stoa.platform.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MigrationsTest {
    @Test
    void everyMigrationIsKnown() throws Exception {
        try (Stream<Path> files = Files.list(Path.of("src/main/resources/" + Migrations.FOLDER))) {
            assertThat(Migrations.known()).hasSize((int) files.count()).contains("1");
        }
    }
}
