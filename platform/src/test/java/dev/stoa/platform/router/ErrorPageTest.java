package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrorPageTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                                                    | TEXT",
                "*/*                                                   | TEXT",
                "text/html,application/xhtml+xml,*/*;q=0.8             | HTML",
                "application/json                                      | JSON",
                "application/json, text/plain, */*                     | JSON",
                "application/problem+json                              | JSON",
                "text/html;q=0.4, application/json;q=0.5               | JSON",
                "TEXT/HTML; charset=utf-8                              | HTML",
                "text/html;q=0                                         | TEXT",
                "text/html;q=oops                                      | TEXT",
                "text/plain, text/html                                 | TEXT",
                "image/png                                             | TEXT",
            })
    void theAcceptHeaderChoosesTheForm(String accept, ErrorPage.Form form) {
        assertThat(ErrorPage.form(accept)).isEqualTo(form);
    }

    @Test
    void markupIsEscaped() {
        assertThat(ErrorPage.escape("<a href=\"x\">'&'</a>"))
                .isEqualTo("&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
    }
}
