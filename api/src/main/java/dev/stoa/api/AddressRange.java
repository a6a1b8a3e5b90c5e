package dev.stoa.api;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** An address, or all that begin alike: {@code 203.0.113.7}, {@code 10.0.0.0/8}, {@code 2001:db8::/32}. */
public final class AddressRange {
    private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
    private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");
    private static final Pattern BITS = Pattern.compile("[0-9]{1,3}");

    private final byte[] start;
    private final int bits;

    private AddressRange(byte[] start, int bits) {
        this.start = start;
        this.bits = bits;
    }

    /** Empty for what is no address, or has more bits than there are. */
    public static Optional<AddressRange> parse(String text) {
        int slash = text.indexOf('/');
        String literal = slash < 0 ? text : text.substring(0, slash);
        if (!IPV4.matcher(literal).matches() && !IPV6.matcher(literal).matches()) {
            return Optional.empty();
        }
        byte[] start;
        try {
            start = InetAddress.ofLiteral(literal).getAddress();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
        int bitsMax = start.length * Byte.SIZE;
        if (slash < 0) {
            return Optional.of(new AddressRange(start, bitsMax));
        }
        String length = text.substring(slash + 1);
        if (!BITS.matcher(length).matches() || Integer.parseInt(length) > bitsMax) {
            return Optional.empty();
        }
        return Optional.of(new AddressRange(start, Integer.parseInt(length)));
    }

    /**
     * Several, with commas between them.
     *
     * @param option how the user gave them, for the message
     * @throws StoaException where one of them is neither
     */
    public static List<AddressRange> list(String option, String value) {
        return Stream.of(value.split(",", -1))
                .map(text -> parse(text.strip())
                        .orElseThrow(() -> new StoaException(
                                ErrorCode.BAD_REQUEST,
                                "%s %s: \"%s\" is not an address or a range of them"
                                        .formatted(option, value, text.strip()),
                                "for example: %s 127.0.0.1,10.0.0.0/8".formatted(option))))
                .toList();
    }

    public boolean contains(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (bytes.length != start.length) {
            return false;
        }
        int whole = bits / Byte.SIZE;
        for (int i = 0; i < whole; i++) {
            if (bytes[i] != start[i]) {
                return false;
            }
        }
        int rest = bits % Byte.SIZE;
        return rest == 0 || ((bytes[whole] ^ start[whole]) & (0xff << (Byte.SIZE - rest)) & 0xff) == 0;
    }
}
