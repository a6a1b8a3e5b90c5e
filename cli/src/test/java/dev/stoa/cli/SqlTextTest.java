package dev.stoa.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoa.api.DatabaseRequests.SqlAnswer;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SqlTextTest {
    private final SqlText text = new SqlText();

    @Test
    void aStatementIsCompleteWithItsSemicolon() {
        assertThat(text.add("select 1")).isEmpty();
        assertThat(text.isEmpty()).isFalse();
        assertThat(text.add("  + 1; select 2; select")).containsExactly("select 1\n  + 1", "select 2");
        assertThat(text.rest()).isEqualTo("select");
        assertThat(text.isEmpty()).isTrue();
    }

    @Test
    void aSemicolonInQuotesOrInACommentEndsNothing() {
        assertThat(text.add("select 'a;b''c;', \"d;e\" -- f;")).isEmpty();
        assertThat(text.add("/* g; /* h; */ i; */ ;")).hasSize(1);
        assertThat(text.add("select $$a;b$$, $q$ $$ ; $q$, $1, a$b$;")).hasSize(1);
        assertThat(text.isEmpty()).isTrue();
    }

    @Test
    void emptyStatementsAreNone() {
        assertThat(text.add(";;  ;")).isEmpty();
    }

    @Test
    void rowsAreShownInColumns() {
        SqlAnswer answer = new SqlAnswer(
                List.of("id", "name"),
                List.of(List.of(Optional.of("1"), Optional.of("Ada")), List.of(Optional.of("22"), Optional.empty())),
                "(2 rows)",
                false);
        assertThat(SqlPrompt.lines(answer))
                .containsExactly(" id | name", "----+------", " 1  | Ada", " 22 |", "(2 rows)");
    }
}
