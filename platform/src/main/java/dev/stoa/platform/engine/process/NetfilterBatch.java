package dev.stoa.platform.engine.process;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Messages about one table of the kernel's packet filter (nf_tables), spoken over netlink: the program nft is not on every
 * machine. All of them take force together, or none does. {@code nft list table ip NAME} shows a table as text.
 *
 * <p>Numbers are those of linux/netfilter/nf_tables.h and nfnetlink.h.
 */
final class NetfilterBatch {
    private static final int SUBSYSTEM = 10;
    private static final int BATCH_BEGIN = 16;
    private static final int BATCH_END = 17;
    private static final int NEW_TABLE = 0;
    private static final int DELETE_TABLE = 2;
    private static final int NEW_CHAIN = 3;
    private static final int NEW_RULE = 6;
    private static final int NEW_SET = 9;
    private static final int NEW_ELEMENTS = 12;
    private static final int DELETE_ELEMENTS = 14;

    private static final int REQUEST = 1;
    private static final int ACK = 4;
    private static final int EXCLUSIVE = 0x200;
    private static final int CREATE = 0x400;
    private static final int APPEND = 0x800;
    private static final int NESTED = 0x8000;

    private static final byte IPV4 = 2;
    private static final int EQUAL = 0;
    private static final int NOT_EQUAL = 1;
    private static final int META_L4_PROTOCOL = 16;
    private static final int META_SOCKET_USER = 10;
    private static final byte TCP = 6;
    private static final int CT_STATE = 0;
    private static final int CT_STATE_NEW = 8;
    private static final int CT_STATUS = 2;
    private static final int CT_STATUS_REDIRECTED = 0x20;
    private static final int NAT_DESTINATION = 1;
    private static final int SET_IS_MAP = 8;

    /** The first 16 bytes of the registers, and the second and third four of them. */
    private static final int REGISTER = 1;

    private static final int REGISTER_SECOND = 9;

    /** Keys and values of maps: an address and a port, each in four bytes. Other tools show them by the type. */
    private static final int SOCKET_BYTES = 2 * Integer.BYTES;

    private static final int TYPE_ADDRESS = 7;
    private static final int TYPE_PORT = 13;
    private static final int TYPE_SOCKET = TYPE_ADDRESS << 6 | TYPE_PORT;

    /** What one attribute can hold is 64 KB. */
    private static final int ELEMENTS_MAX = 1000;

    /** Where a chain stands on the way of a packet. */
    enum Hook {
        PREROUTING("nat", 0, -100),
        INPUT("filter", 1, 0),
        FORWARD("filter", 2, 0),
        OUTPUT("filter", 3, 0),
        OUTPUT_NAT("nat", 3, -100),
        POSTROUTING("nat", 4, 100);

        private final String type;
        private final int number;
        private final int priority;

        Hook(String type, int number, int priority) {
            this.type = type;
            this.number = number;
            this.priority = priority;
        }
    }

    /** What a packet says in its headers: of the network (1), and of the transport (2). */
    enum Field {
        SOURCE(1, 12, Integer.BYTES),
        DESTINATION(1, 16, Integer.BYTES),
        DESTINATION_PORT(2, 2, Short.BYTES);

        private final int header;
        private final int offset;
        private final int bytes;

        Field(int header, int offset, int bytes) {
            this.header = header;
            this.offset = offset;
            this.bytes = bytes;
        }
    }

    private final String table;
    private final List<byte[]> messages = new ArrayList<>();
    private int maps;

    NetfilterBatch(String table) {
        this.table = table;
    }

    /**
     * @throws NetlinkSocket.Refused if the kernel refuses one of them; nothing has happened then
     */
    void send() throws IOException {
        ByteArrayOutputStream batch = new ByteArrayOutputStream();
        batch.writeBytes(message(BATCH_BEGIN, REQUEST, (byte) 0, SUBSYSTEM, new byte[0]));
        messages.forEach(batch::writeBytes);
        batch.writeBytes(message(BATCH_END, REQUEST, (byte) 0, SUBSYSTEM, new byte[0]));
        try (NetlinkSocket socket = new NetlinkSocket()) {
            socket.exchange(batch.toByteArray(), messages.size());
        }
    }

    /** The table is there, and empty. */
    void anew() {
        gone();
        add(NEW_TABLE, CREATE, text(1, table));
    }

    /** The table is not there. */
    void gone() {
        add(NEW_TABLE, CREATE, text(1, table));
        add(DELETE_TABLE, 0, text(1, table));
    }

    /** The table is there, and was not before: else all of the batch is refused. */
    void only() {
        add(NEW_TABLE, CREATE | EXCLUSIVE, text(1, table));
    }

    void chain(String name, Hook hook) {
        add(
                NEW_CHAIN,
                CREATE,
                concat(
                        text(1, table),
                        text(3, name),
                        nested(4, concat(number(1, hook.number), number(2, hook.priority))),
                        text(7, hook.type)));
    }

    void rule(String chain, byte[]... expressions) {
        add(NEW_RULE, CREATE | APPEND, concat(text(1, table), text(2, chain), nested(4, concat(expressions))));
    }

    /** A map of sockets to sockets; see {@link #socket}. */
    void map(String name) {
        maps++;
        add(
                NEW_SET,
                CREATE,
                concat(
                        text(1, table),
                        text(2, name),
                        number(3, SET_IS_MAP),
                        number(4, TYPE_SOCKET),
                        number(5, SOCKET_BYTES),
                        number(6, TYPE_SOCKET),
                        number(7, SOCKET_BYTES),
                        number(10, maps)));
    }

    /** Leaves nothing in a map. */
    void clear(String map) {
        add(DELETE_ELEMENTS, 0, concat(text(1, table), text(2, map)));
    }

    void remove(String map, Collection<ByteBuffer> keys) {
        elements(
                DELETE_ELEMENTS, 0, map, keys.stream().map(key -> value(1, key)).toList());
    }

    void put(String map, Map<ByteBuffer, ByteBuffer> entries) {
        elements(
                NEW_ELEMENTS,
                CREATE,
                map,
                entries.entrySet().stream()
                        .map(entry -> concat(value(1, entry.getKey()), value(2, entry.getValue())))
                        .toList());
    }

    private void elements(int type, int flags, String map, List<byte[]> elements) {
        for (int from = 0; from < elements.size(); from += ELEMENTS_MAX) {
            ByteArrayOutputStream some = new ByteArrayOutputStream();
            elements.subList(from, Math.min(from + ELEMENTS_MAX, elements.size()))
                    .forEach(element -> some.writeBytes(nested(1, element)));
            add(type, flags, concat(text(1, table), text(2, map), nested(3, some.toByteArray())));
        }
    }

    private static byte[] value(int type, ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(bytes.position(), copy);
        return nested(type, attribute(1, copy));
    }

    /** A key or a value of a map. */
    static ByteBuffer socket(byte[] address, int port) {
        return ByteBuffer.allocate(SOCKET_BYTES)
                .put(address)
                .putShort((short) port)
                .putShort((short) 0)
                .flip();
    }

    private void add(int type, int flags, byte[] attributes) {
        messages.add(message(SUBSYSTEM << 8 | type, REQUEST | ACK | flags, IPV4, 0, attributes));
    }

    static byte[] within(Field field, byte[] address, int prefix) {
        return masked(field, address, prefix, EQUAL);
    }

    static byte[] outside(Field field, byte[] address, int prefix) {
        return masked(field, address, prefix, NOT_EQUAL);
    }

    private static byte[] masked(Field field, byte[] address, int prefix, int operator) {
        byte[] mask = ByteBuffer.allocate(Integer.BYTES)
                .putInt(-1 << (Integer.SIZE - prefix))
                .array();
        return concat(load(field, REGISTER), masked(mask), compare(operator, address));
    }

    static byte[] is(Field field, byte[] value) {
        return concat(load(field, REGISTER), compare(EQUAL, value));
    }

    static byte[] tcp() {
        return concat(
                expression("meta", number(1, REGISTER), number(2, META_L4_PROTOCOL)), compare(EQUAL, new byte[] {TCP}));
    }

    static byte[] newConnection() {
        return connection(CT_STATE, CT_STATE_NEW, NOT_EQUAL);
    }

    /** Whose destination is the one that its client asked for. */
    static byte[] notRedirected() {
        return connection(CT_STATUS, CT_STATUS_REDIRECTED, EQUAL);
    }

    private static byte[] connection(int key, int bit, int operator) {
        return concat(
                expression("ct", number(1, REGISTER), number(2, key)),
                masked(inHostOrder(bit)),
                compare(operator, inHostOrder(0)));
    }

    static byte[] notOfUser(int user) {
        return concat(
                expression("meta", number(1, REGISTER), number(2, META_SOCKET_USER)),
                compare(NOT_EQUAL, inHostOrder(user)));
    }

    static byte[] masquerade() {
        return expression("masq");
    }

    static byte[] drop() {
        return expression("immediate", number(1, 0), nested(2, nested(2, number(1, 0))));
    }

    static byte[] redirect(byte[] address, int port) {
        return concat(
                expression("immediate", number(1, REGISTER), nested(2, attribute(1, address))),
                expression("immediate", number(1, REGISTER_SECOND), nested(2, attribute(1, port(port)))),
                redirect());
    }

    /** To where a map says for this address of the packet and its destination port; nowhere else if it does not know them. */
    static byte[] redirectBy(String map, Field address) {
        return concat(
                load(address, REGISTER),
                load(Field.DESTINATION_PORT, REGISTER_SECOND),
                expression("lookup", text(1, map), number(2, REGISTER), number(3, REGISTER)),
                redirect());
    }

    private static byte[] redirect() {
        return expression(
                "nat", number(1, NAT_DESTINATION), number(2, IPV4), number(3, REGISTER), number(5, REGISTER_SECOND));
    }

    private static byte[] load(Field field, int register) {
        return expression(
                "payload",
                number(1, register),
                number(2, field.header),
                number(3, field.offset),
                number(4, field.bytes));
    }

    private static byte[] masked(byte[] mask) {
        return expression(
                "bitwise",
                number(1, REGISTER),
                number(2, REGISTER),
                number(3, mask.length),
                nested(4, attribute(1, mask)),
                nested(5, attribute(1, new byte[mask.length])));
    }

    private static byte[] compare(int operator, byte[] value) {
        return expression("cmp", number(1, REGISTER), number(2, operator), nested(3, attribute(1, value)));
    }

    private static byte[] expression(String name, byte[]... attributes) {
        return nested(1, concat(text(1, name), nested(2, concat(attributes))));
    }

    private static byte[] message(int type, int flags, byte family, int resource, byte[] attributes) {
        int headerBytes = 20;
        ByteBuffer message =
                ByteBuffer.allocate(headerBytes + attributes.length).order(ByteOrder.nativeOrder());
        message.putInt(message.capacity()).putShort((short) type).putShort((short) flags);
        message.putInt(0).putInt(0);
        message.put(family).put((byte) 0);
        message.order(ByteOrder.BIG_ENDIAN).putShort((short) resource);
        return message.put(attributes).array();
    }

    private static byte[] nested(int type, byte[] content) {
        return attribute(type | NESTED, content);
    }

    private static byte[] text(int type, String text) {
        return attribute(type, (text + "\0").getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] number(int type, int number) {
        return attribute(type, ByteBuffer.allocate(Integer.BYTES).putInt(number).array());
    }

    /** Its length does not count the padding to four bytes. */
    private static byte[] attribute(int type, byte[] content) {
        int headerBytes = 4;
        ByteBuffer attribute =
                ByteBuffer.allocate((headerBytes + content.length + 3) & ~3).order(ByteOrder.nativeOrder());
        return attribute
                .putShort((short) (headerBytes + content.length))
                .putShort((short) type)
                .put(content)
                .array();
    }

    static byte[] port(int port) {
        return ByteBuffer.allocate(Short.BYTES).putShort((short) port).array();
    }

    private static byte[] inHostOrder(int number) {
        return ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.nativeOrder())
                .putInt(number)
                .array();
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
