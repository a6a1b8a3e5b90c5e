package dev.stoa.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class DumpHeadTest {
    private static final String OURS = """
            CREATE EXTENSION IF NOT EXISTS pg_stat_statements WITH SCHEMA public;
            COMMENT ON EXTENSION pg_stat_statements IS 'track planning and execution statistics of all SQL statements executed';
            SET transaction_timeout = 0;
            """;

    private static String passed(String dump) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        DumpHead.pass(new ByteArrayInputStream(dump.getBytes(StandardCharsets.UTF_8)), out);
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void whatEveryDatabaseHasIsLeftOutAndWhatTheAppHasOfItsOwnIsNot() throws IOException {
        String own = """
                CREATE SCHEMA shop;
                CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
                COMMENT ON EXTENSION pg_trgm IS 'text similarity';
                """;
        assertThat(passed("SET lock_timeout = 0;\n" + own + OURS + "CREATE TABLE t (n int);\n"))
                .isEqualTo("SET lock_timeout = 0;\n" + own + "CREATE TABLE t (n int);\n");
    }

    @Test
    void dataStaysAsItIsWhateverItLooksLike() throws IOException {
        for (String first : new String[] {
            "COPY public.t (line) FROM stdin;\n",
            "INSERT INTO t VALUES ('\n",
            "CREATE FUNCTION f() RETURNS void AS '\n",
            "-- " + "x".repeat(20_000) + "\n"
        }) {
            assertThat(passed(first + OURS)).isEqualTo(first + OURS);
        }
        assertThat(passed("SELECT 1;")).isEqualTo("SELECT 1;");
    }
}
