package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostNameTest {
    @ParameterizedTest
    @CsvSource({
        "shop.example.com, shop.example.com",
        "SHOP.Example.COM:8080, shop.example.com",
        "shop.example.com.:80, shop.example.com",
        "my_shop-1:, my_shop-1",
        "127.0.0.1:80, 127.0.0.1",
        "[::1]:8080, [::1]",
        "[FE80::1], [fe80::1]",
    })
    void aHostLosesItsCaseItsPortAndItsDot(String authority, String host) {
        assertThat(HostName.parse(authority)).hasValue(host);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".:",
                ":80",
                "a b",
                "a/b",
                "a@b",
                "a:b",
                "a:80:80",
                "a:123456",
                "[::1",
                "[::1]x",
                "[x]",
                "[]",
                "a\u00e9",
                "<b>"
            })
    void whatIsNotAHostIsNone(String authority) {
        assertThat(HostName.parse(authority)).isEmpty();
    }
}
