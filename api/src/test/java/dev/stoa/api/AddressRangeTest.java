package dev.stoa.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressRangeTest {
    @ParameterizedTest
    @CsvSource({
        "203.0.113.7,       203.0.113.7,    true",
        "203.0.113.7,       203.0.113.8,    false",
        "10.0.0.0/8,        10.255.1.2,     true",
        "10.0.0.0/8,        11.0.0.1,       false",
        "192.168.4.0/22,    192.168.7.255,  true",
        "192.168.4.0/22,    192.168.8.0,    false",
        "0.0.0.0/0,         8.8.8.8,        true",
        "0.0.0.0/0,         ::1,            false",
        "::1,               ::1,            true",
        "2001:db8::/32,     2001:db8:1::5,  true",
        "2001:db8::/33,     2001:db8:8000::,false",
        "::/0,              127.0.0.1,      false",
        "::ffff:10.0.0.1,   10.0.0.1,       true",
    })
    void anAddressIsInItsRangeAlone(String range, String address, boolean inside) {
        assertThat(AddressRange.parse(range).orElseThrow().contains(InetAddress.ofLiteral(address)))
                .isEqualTo(inside);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "localhost",
                "10.0.0.0/33",
                "10.0.0",
                "10.0.0.256",
                "::1/129",
                "::g",
                "10.0.0.0/",
                "/8",
                "10.0.0.0/-1",
                "1"
            })
    void whatIsNoAddressIsNone(String text) {
        assertThat(AddressRange.parse(text)).isEmpty();
    }
}
