//! What a page may say to the broker: packets of MQTT, each checked before it is passed on, and only
//! those that a client needs which reads.

use crate::telemetry::session::PAGE_IDENTIFIER;

/// Largest packet of a page in bytes; a subscription to some thousand topics fits.
pub const MAX_PACKET_BYTES: usize = 1 << 20;

/// Why a page's connection is ended, in words that fit a WebSocket's close frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not MQTT, or not a version that is known.
    #[error("this is not MQTT 3.1, 3.1.1 or 5: {0}")]
    NotMqtt(&'static str),
    /// A packet beyond [`MAX_PACKET_BYTES`].
    #[error("a page's packet has at most {MAX_PACKET_BYTES} bytes, this one states {0}")]
    TooLarge(usize),
    /// A packet that only a client sends which writes.
    #[error("this server is read-only: a page may not send {0}")]
    Writes(&'static str),
    /// A will is a message that the broker publishes when the page is gone.
    #[error("this server is read-only: a page may not leave a will")]
    Will,
    /// A session that was there before, or outlasts the page.
    #[error("a page begins a new session: connect with clean session (clean start)")]
    OldSession,
    /// The identifier of another client, which the broker would cut for it.
    #[error(
        "a page's client identifier is empty or begins with {PAGE_IDENTIFIER}: others are of other clients"
    )]
    Identifier,
    /// A shared or an exclusive subscription takes its messages away from others.
    #[error("a page may not use shared or exclusive subscriptions ($share, $queue, $exclusive)")]
    Shared,
}

/// The packets of one page, from its CONNECT on. By default they pass unchanged.
#[derive(Debug, Default)]
pub struct ReadOnly {
    /// Bytes of a packet that has not come whole.
    pending: Vec<u8>,
    /// Protocol level, once CONNECT has come.
    level: Option<u8>,
    /// Makes the page's client identifier.
    unique: Option<u64>,
}

impl ReadOnly {
    /// The page's identifier is replaced by [`PAGE_IDENTIFIER`] and these digits: pages can learn the identifiers of
    /// others from brokers that publish them (`$SYS/broker/log` of mosquitto), and a broker cuts the older of two
    /// clients that have one. `unique`: random, so that no page can tell it.
    pub fn renaming(unique: u64) -> Self {
        Self { unique: Some(unique), ..Self::default() }
    }

    /// Takes what a page has sent and returns the whole packets of it, which may go to the broker;
    /// the rest is kept until it is whole, [`MAX_PACKET_BYTES`] at most.
    ///
    /// # Errors
    /// The first packet that may not pass. Nothing that came after it may either.
    pub fn pass(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
        self.pending.extend_from_slice(bytes);
        let mut whole = 0;
        let mut passed = Vec::with_capacity(self.pending.len());
        while let Some((header, length)) = packet(&self.pending[whole..])? {
            let body = whole + header;
            let Some(content) = self.pending.get(body..body + length) else { break };
            let is_first = self.level.is_none();
            let level = check(self.level, self.pending[whole], content)?;
            self.level = Some(level);
            match self.unique.filter(|_| is_first) {
                Some(unique) => passed.extend(renamed(content, level, unique)?),
                None => passed.extend_from_slice(&self.pending[whole..body + length]),
            }
            whole = body + length;
        }
        self.pending.drain(..whole);
        Ok(passed)
    }
}

/// Lengths of a packet's fixed header and of the rest; `None` while they are not known.
fn packet(bytes: &[u8]) -> Result<Option<(usize, usize)>, Refusal> {
    let Some(first) = bytes.first() else { return Ok(None) };
    // What may not pass at all is refused before it is gathered.
    kind(*first)?;
    let mut length = 0;
    for at in 0..4 {
        let Some(byte) = bytes.get(1 + at) else { return Ok(None) };
        length |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            let fits = length <= MAX_PACKET_BYTES;
            return if fits { Ok(Some((2 + at, length))) } else { Err(Refusal::TooLarge(length)) };
        }
    }
    Err(Refusal::NotMqtt("a length of more than four bytes"))
}

/// Kinds of packets that a page sends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Connect,
    Subscribe,
    /// Acknowledgements, UNSUBSCRIBE, PINGREQ and DISCONNECT, whose content changes nothing for
    /// others.
    Other,
}

fn kind(first: u8) -> Result<Kind, Refusal> {
    let flags = first & 0x0f;
    let (kind, expected) = match first >> 4 {
        1 => (Kind::Connect, 0),
        3 => return Err(Refusal::Writes("PUBLISH")),
        // PUBACK, PUBREC and PUBCOMP acknowledge what the page was sent.
        4 | 5 | 7 => (Kind::Other, 0),
        6 => return Err(Refusal::Writes("PUBREL")),
        8 => (Kind::Subscribe, 2),
        10 => (Kind::Other, 2),
        12 | 14 => (Kind::Other, 0),
        15 => return Err(Refusal::Writes("AUTH")),
        _ => return Err(Refusal::NotMqtt("a packet that clients do not send")),
    };
    if flags != expected {
        return Err(Refusal::NotMqtt("reserved flags are set"));
    }
    Ok(kind)
}

/// Checks a whole packet; gives the protocol's level. `level` is `None` before CONNECT.
fn check(level: Option<u8>, first: u8, content: &[u8]) -> Result<u8, Refusal> {
    match (kind(first)?, level) {
        (Kind::Connect, None) => connect(content),
        (Kind::Connect, Some(_)) => Err(Refusal::NotMqtt("a second CONNECT")),
        (_, None) => Err(Refusal::NotMqtt("the first packet is no CONNECT")),
        (Kind::Subscribe, Some(level)) => subscribe(level, content).map(|()| level),
        (Kind::Other, Some(level)) => Ok(level),
    }
}

const CUT_SHORT: Refusal = Refusal::NotMqtt("a packet that ends too early");

/// The next so many bytes.
fn take<'b>(bytes: &mut &'b [u8], count: usize) -> Result<&'b [u8], Refusal> {
    let (taken, rest) = bytes.split_at_checked(count).ok_or(CUT_SHORT)?;
    *bytes = rest;
    Ok(taken)
}

/// Bytes behind their length.
fn text<'b>(bytes: &mut &'b [u8]) -> Result<&'b [u8], Refusal> {
    let length = take(bytes, 2)?;
    take(bytes, usize::from(u16::from_be_bytes([length[0], length[1]])))
}

/// Passes over the properties of MQTT 5 and gives them.
fn properties<'b>(bytes: &mut &'b [u8]) -> Result<&'b [u8], Refusal> {
    let mut length = 0;
    for at in 0..4 {
        let byte = take(bytes, 1)?[0];
        length |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return take(bytes, length);
        }
    }
    Err(Refusal::NotMqtt("a length of more than four bytes"))
}

/// A CONNECT that has been checked, with another identifier.
fn renamed(content: &[u8], level: u8, unique: u64) -> Result<Vec<u8>, Refusal> {
    let mut rest = content;
    text(&mut rest)?;
    // Level, flags, keep alive.
    take(&mut rest, 4)?;
    if level == 5 {
        properties(&mut rest)?;
    }
    let before = &content[..content.len() - rest.len()];
    text(&mut rest)?;
    let digits = format!("{unique:016x}");
    // MQTT 3.1 allows identifiers of 23 characters.
    let digits = if level == 3 { &digits[..8] } else { &digits };
    let length = (PAGE_IDENTIFIER.len() + digits.len()) as u16;
    let parts =
        [before, &length.to_be_bytes(), PAGE_IDENTIFIER.as_bytes(), digits.as_bytes(), rest];
    let mut packet = vec![0x10];
    let mut left = parts.iter().map(|part| part.len()).sum::<usize>();
    // Seven bits a byte, the lowest first.
    loop {
        let byte = (left & 0x7f) as u8;
        left >>= 7;
        packet.push(if left == 0 { byte } else { byte | 0x80 });
        if left == 0 {
            break;
        }
    }
    packet.extend(parts.concat());
    Ok(packet)
}

fn connect(mut content: &[u8]) -> Result<u8, Refusal> {
    const WILL: u8 = 0b0011_1100;
    const CLEAN: u8 = 0b0000_0010;
    let name = text(&mut content)?;
    let level = take(&mut content, 1)?[0];
    let known = matches!((name, level), (b"MQTT", 4 | 5) | (b"MQIsdp", 3));
    if !known {
        return Err(Refusal::NotMqtt("CONNECT names another protocol"));
    }
    let flags = take(&mut content, 1)?[0];
    if flags & WILL != 0 {
        return Err(Refusal::Will);
    }
    if flags & CLEAN == 0 {
        return Err(Refusal::OldSession);
    }
    take(&mut content, 2)?;
    if level == 5 {
        session_ends(properties(&mut content)?)?;
    }
    // An empty one is of nobody: the broker gives the page one that is new.
    let identifier = text(&mut content)?;
    if identifier.is_empty() || identifier.starts_with(PAGE_IDENTIFIER.as_bytes()) {
        Ok(level)
    } else {
        Err(Refusal::Identifier)
    }
}

/// Refuses properties of CONNECT by which a session outlasts its connection, or that begin an
/// exchange of AUTH packets.
fn session_ends(mut properties: &[u8]) -> Result<(), Refusal> {
    while !properties.is_empty() {
        match take(&mut properties, 1)?[0] {
            // Session expiry interval in seconds.
            0x11 if take(&mut properties, 4)? != [0; 4] => return Err(Refusal::OldSession),
            0x11 => {}
            // Receive maximum, topic alias maximum.
            0x21 | 0x22 => _ = take(&mut properties, 2)?,
            // Maximum packet size.
            0x27 => _ = take(&mut properties, 4)?,
            // Requests for response and problem information.
            0x19 | 0x17 => _ = take(&mut properties, 1)?,
            // User property.
            0x26 => _ = (text(&mut properties)?, text(&mut properties)?),
            0x15 | 0x16 => return Err(Refusal::Writes("AUTH")),
            _ => return Err(Refusal::NotMqtt("an unknown property of CONNECT")),
        }
    }
    Ok(())
}

/// First levels of subscriptions that are shared or exclusive: of the standard, and of brokers that have
/// others besides (EMQX).
const SHARED: [&[u8]; 5] = [b"$share", b"$oshare", b"$queue", b"$q", b"$exclusive"];

fn subscribe(level: u8, mut content: &[u8]) -> Result<(), Refusal> {
    take(&mut content, 2)?;
    if level == 5 {
        properties(&mut content)?;
    }
    if content.is_empty() {
        return Err(CUT_SHORT);
    }
    while !content.is_empty() {
        let filter = text(&mut content)?;
        let first = filter.split(|byte| *byte == b'/').next().unwrap_or_default();
        if SHARED.contains(&first) {
            return Err(Refusal::Shared);
        }
        take(&mut content, 1)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// CONNECT of a page by MQTT 3.1.1 with these flags.
    fn connect(flags: u8) -> Vec<u8> {
        connect_as("twinscope-page-a", flags)
    }

    /// CONNECT of MQTT 3.1.1 with this identifier and these flags.
    fn connect_as(identifier: &str, flags: u8) -> Vec<u8> {
        let length = identifier.len() as u8;
        let head = [0x10, 12 + length, 0, 4, b'M', b'Q', b'T', b'T', 4, flags, 0, 60, 0, length];
        [&head, identifier.as_bytes()].concat()
    }

    /// CONNECT of a page by MQTT 5 with these properties.
    fn connect5(properties: &[u8]) -> Vec<u8> {
        connect5_as("twinscope-page-a", properties)
    }

    fn connect5_as(identifier: &str, properties: &[u8]) -> Vec<u8> {
        let (own, length) = (identifier.len() as u8, properties.len() as u8);
        let head = [0x10, 13 + length + own, 0, 4, b'M', b'Q', b'T', b'T', 5, 2, 0, 60, length];
        [&head, properties, &[0, own], identifier.as_bytes()].concat()
    }

    fn subscribe(filter: &str) -> Vec<u8> {
        let length = filter.len() as u8;
        [&[0x82, 5 + length, 0, 1, 0, length], filter.as_bytes(), &[0]].concat()
    }

    fn all(packets: &[Vec<u8>]) -> Result<Vec<u8>, Refusal> {
        ReadOnly::default().pass(&packets.concat())
    }

    #[test]
    fn what_a_reading_client_says_passes_unchanged() {
        let packets = [
            connect(2),
            subscribe("plant/#"),
            vec![0x40, 2, 0, 1],
            vec![0x50, 2, 0, 1],
            vec![0x70, 2, 0, 1],
            vec![0xa2, 5, 0, 2, 0, 1, b'a'],
            vec![0xc0, 0],
            vec![0xe0, 0],
        ];
        assert_eq!(all(&packets), Ok(packets.concat()));
        assert!(all(&[connect5(&[0x21, 0, 10, 0x11, 0, 0, 0, 0])]).is_ok());
    }

    #[test]
    fn what_writes_is_refused_by_its_name() {
        let publish = vec![0x30, 4, 0, 1, b'a', b'x'];
        assert_eq!(all(&[connect(2), publish.clone()]), Err(Refusal::Writes("PUBLISH")));
        for first in [0x31, 0x32, 0x33, 0x34, 0x3d] {
            assert_eq!(all(&[connect(2), vec![first]]), Err(Refusal::Writes("PUBLISH")));
        }
        assert_eq!(all(&[publish]), Err(Refusal::Writes("PUBLISH")));
        assert_eq!(all(&[connect(2), vec![0x62, 2, 0, 1]]), Err(Refusal::Writes("PUBREL")));
        assert_eq!(all(&[connect(2), vec![0xf0, 0]]), Err(Refusal::Writes("AUTH")));
    }

    #[test]
    fn a_will_and_a_lasting_session_are_refused() {
        for flags in [0b110, 0b10_0110, 0b1110, 0b1_0110] {
            assert_eq!(all(&[connect(flags)]), Err(Refusal::Will), "{flags:b}");
        }
        assert_eq!(all(&[connect(0)]), Err(Refusal::OldSession));
        assert_eq!(all(&[connect5(&[0x11, 0, 0, 0, 9])]), Err(Refusal::OldSession));
        for filter in ["$share/g/plant/#", "$queue/plant/#", "$exclusive/plant", "$share"] {
            assert_eq!(all(&[connect(2), subscribe(filter)]), Err(Refusal::Shared), "{filter}");
        }
        assert!(all(&[connect(2), subscribe("$SYS/#"), subscribe("$shared/a")]).is_ok());
    }

    #[test]
    fn a_page_takes_over_no_client_but_a_page() {
        for other in ["a", "plant", "twinscope-page", "Twinscope-page-1", "twinscope-0123456789"] {
            assert_eq!(all(&[connect_as(other, 2)]), Err(Refusal::Identifier), "{other}");
            assert_eq!(all(&[connect5_as(other, &[])]), Err(Refusal::Identifier), "{other}");
        }
        for own in ["", "twinscope-page-0123456789abcdef"] {
            assert_eq!(all(&[connect_as(own, 2)]), Ok(connect_as(own, 2)));
            assert_eq!(all(&[connect5_as(own, &[])]), Ok(connect5_as(own, &[])));
        }
    }

    #[test]
    fn a_page_has_an_identifier_that_it_did_not_choose() {
        let unique = 0x0123_4567_89ab_cdef;
        let own = "twinscope-page-0123456789abcdef";
        let pass = |packets: &[Vec<u8>]| ReadOnly::renaming(unique).pass(&packets.concat());
        let later = [subscribe("plant/#"), vec![0xc0, 0]].concat();
        let properties = [0x21, 0, 10, 0x11, 0, 0, 0, 0];
        for said in ["", "twinscope-page-a", &format!("twinscope-page-{}", "x".repeat(90))] {
            let expected = Ok([connect_as(own, 2), later.clone()].concat());
            assert_eq!(pass(&[connect_as(said, 2), later.clone()]), expected, "{said}");
            let expected = Ok(connect5_as(own, &properties));
            assert_eq!(pass(&[connect5_as(said, &properties)]), expected, "{said}");
        }
        assert_eq!(pass(&[connect_as("plant", 2)]), Err(Refusal::Identifier));
        // What comes behind the identifier stays: user and password.
        let with_login = |identifier: &str| {
            let mut packet = connect_as(identifier, 0b1100_0010);
            packet.extend(b"\0\x03eva\0\x04pass");
            packet[1] += 11;
            packet
        };
        assert_eq!(pass(&[with_login("")]), Ok(with_login(own)));
    }

    #[test]
    fn an_identifier_fits_mqtt_3_1_and_lengths_of_two_bytes() {
        let mut old = vec![0x10, 14, 0, 6];
        old.extend(b"MQIsdp\x03\x02\0\x3c\0\0");
        let passed = ReadOnly::renaming(u64::MAX).pass(&old).expect("it reads");
        assert_eq!(passed[1..4], [14 + 23, 0, 6]);
        assert!(passed.ends_with(b"\0\x17twinscope-page-ffffffff"));

        let user = [b"\0\x64".as_slice(), &[b'u'; 100]].concat();
        let mut long = connect_as("", 0b1000_0010);
        long.extend(user);
        long[1] += 102;
        let passed = ReadOnly::renaming(7).pass(&long).expect("it reads");
        // 114 bytes and 31 of the identifier.
        assert_eq!(passed[..3], [0x10, 0x91, 1]);
        assert_eq!(passed.len(), 3 + 145);
        assert_eq!(ReadOnly::default().pass(&passed), Ok(passed.clone()));
    }

    #[test]
    fn what_is_no_mqtt_or_too_large_is_refused_before_it_is_gathered() {
        let not_mqtt = |bytes: &[u8]| {
            let refused = ReadOnly::default().pass(bytes);
            assert!(matches!(refused, Err(Refusal::NotMqtt(_))), "{bytes:?}: {refused:?}");
        };
        not_mqtt(b"GET / HTTP/1.1");
        not_mqtt(&[0x82, 5, 0, 1, 0, 0, 0]);
        not_mqtt(&[connect(2), connect(2)].concat());
        not_mqtt(&[0x10, 0xff, 0xff, 0xff, 0xff, 1]);
        not_mqtt(&[connect(2), vec![0x80, 0]].concat());
        not_mqtt(&[0x10, 2, 0, 9]);
        let large = [connect(2), vec![0x82, 0xff, 0xff, 0xff, 0x7f]];
        assert_eq!(all(&large), Err(Refusal::TooLarge(0x0fff_ffff)));
    }

    #[test]
    fn a_refusal_fits_a_close_frame() {
        for refusal in [
            Refusal::NotMqtt("CONNECT names another protocol"),
            Refusal::TooLarge(usize::MAX),
            Refusal::Writes("PUBLISH"),
            Refusal::Will,
            Refusal::OldSession,
            Refusal::Identifier,
            Refusal::Shared,
        ] {
            assert!(refusal.to_string().len() <= 123, "{refusal}");
        }
    }

    proptest! {
        #[test]
        fn packets_pass_alike_however_they_are_cut(
            cuts in proptest::collection::vec(1_usize..9, 1..40),
            filter in "[a-z/+#]{1,40}",
        ) {
            let stream = [connect(2), subscribe(&filter), vec![0xc0, 0]].concat();
            let mut rest = stream.as_slice();
            let mut gate = ReadOnly::default();
            let mut passed = Vec::new();
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                passed.extend(gate.pass(now).expect("it reads"));
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(passed, stream);
        }

        #[test]
        fn no_publish_passes_wherever_it_stands(
            before in 0_usize..4,
            flags in 0_u8..16,
            body in proptest::collection::vec(any::<u8>(), 0..20),
        ) {
            let mut stream = connect(2);
            stream.extend([0xc0, 0].repeat(before));
            let sound = stream.len();
            stream.push(0x30 | flags);
            stream.push(body.len() as u8);
            stream.extend(body);
            let mut gate = ReadOnly::default();
            let mut passed = 0;
            let refused = stream.iter().find_map(|byte| match gate.pass(&[*byte]) {
                Ok(bytes) => { passed += bytes.len(); None }
                Err(refusal) => Some(refusal),
            });
            prop_assert_eq!((passed, refused), (sound, Some(Refusal::Writes("PUBLISH"))));
        }
    }
}
