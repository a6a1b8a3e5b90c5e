package dev.stoa.platform.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.api.StoaException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseUrlTest {
    @Test
    void allPartsAreReadAndWrittenAgain() {
        String text = "postgresql://a%40b:p%3Aw%2F@db.example.com:6543/my%20db?sslmode=require&application_name=x";
        DatabaseUrl url = DatabaseUrl.parse(text);

        assertThat(url)
                .isEqualTo(new DatabaseUrl(
                        "db.example.com",
                        6543,
                        "my db",
                        "a@b",
                        "p:w/",
                        Map.of("sslmode", "require", "application_name", "x")));
        assertThat(url.text()).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"postgres://u:p@h/d", "postgresql://u:p@h/d", "postgresql://u:p@h:5432/d"})
    void theUsualFormsAreOne(String text) {
        assertThat(DatabaseUrl.parse(text)).isEqualTo(new DatabaseUrl("h", 5432, "d", "u", "p", Map.of()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "mysql://u:hunter2@h/d | does not begin with postgresql://",
                "postgresql://u:hunter2@/d | names no host",
                "postgresql://h/d | names no user",
                "postgresql://u:hunter2@h | names no database",
                "postgresql://u:hunter2@h:0/d | its port is 0",
                "postgresql://u:hunter2@h:99999/d | its port is 99999",
                "postgresql://u:hunter2@h/d? | option \"\" is not NAME=VALUE",
                "postgresql://u:hunter2@h/d?sslmode | option \"sslmode\" is not NAME=VALUE",
                "postgresql://u:hunter2@h/d?=x | is not NAME=VALUE",
                "postgresql://u:hunter2@h/d?sslmod=require | did you mean \"sslmode\"?",
                "postgresql://u:hunter2@h/d?sslmode=on | its sslmode is \"on\"",
                "postgresql://u:hunter2@h/d?sslmode=require&sslmode=require | stands there twice",
                "postgresql://u:hunter2@h/d?connect_timeout=soon | a number of seconds",
                "postgresql://u:hunter2@h/d?a=%zz | it is no URL",
                "postgresql://u:hunter2@h/d?a=b c | it is no URL",
            })
    void whatIsWrongIsSaidWithoutThePassword(String text, String message) {
        assertThatThrownBy(() -> DatabaseUrl.parse(text))
                .isInstanceOf(StoaException.class)
                .hasMessageContaining(message.strip())
                .hasMessageNotContaining("hunter2");
    }
}
