//! The files by which SONiC tells ports: `lanemap.ini` and `port_config.ini`.

use super::{PortProfile, Profile, ProfileError};

impl Profile {
    /// Replaces the ports by those of SONiC's `lanemap.ini`: a line `eth0:65,66,67,68` names a network
    /// device and the lanes of its port.
    ///
    /// # Errors
    /// Names the line that makes no sense.
    pub fn use_lanemap(&mut self, text: &str) -> Result<(), ProfileError> {
        let mut ports = Vec::new();
        for (n, line) in content(text) {
            let (device, lanes) = line.split_once(':').ok_or_else(|| ProfileError::Line {
                line: n,
                reason: format!("'{line}' is no 'device:lane,lane,...'"),
            })?;
            let lanes = parse_lanes(n, lanes)?;
            let speed = self.fastest(lanes.len()).unwrap_or(self.ports.speed);
            ports.push((n, PortProfile { lanes, speed, device: Some(device.trim().to_owned()) }));
        }
        self.take_ports(ports)
    }

    /// Replaces the ports by those of SONiC's `port_config.ini`: columns `lanes` and perhaps `speed`, named in a comment
    /// line. A port keeps the network device of the one that had its lanes: what the file calls `name` is the host
    /// interface that SONiC makes for it.
    ///
    /// # Errors
    /// Names the line that makes no sense.
    pub fn use_port_config(&mut self, text: &str) -> Result<(), ProfileError> {
        let is_header =
            |line: &str| line.split_whitespace().any(|column| column == "lanes" || column == "name");
        let mut comments =
            text.lines().enumerate().filter_map(|(n, l)| Some((n + 1, l.trim().strip_prefix('#')?)));
        let (at, header) =
            comments.find(|(_, line)| is_header(line)).unwrap_or((1, "name lanes alias index speed"));
        let columns: Vec<&str> = header.split_whitespace().collect();
        let column = |name: &str| columns.iter().position(|c| *c == name);
        if column("lanes").is_none() {
            let reason = format!("there is no column lanes, only {}", columns.join(", "));
            return Err(ProfileError::Line { line: at, reason });
        }
        let mut ports = Vec::new();
        for (n, line) in content(text) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let lanes = column("lanes")
                .and_then(|c| fields.get(c))
                .ok_or_else(|| ProfileError::Line { line: n, reason: "no lanes".into() })?;
            let lanes = parse_lanes(n, lanes)?;
            let speed = match column("speed").and_then(|c| fields.get(c)) {
                None => self.fastest(lanes.len()).unwrap_or(self.ports.speed),
                Some(s) => s.parse().map_err(|_| ProfileError::Line {
                    line: n,
                    reason: format!("'{s}' is no speed in Mbps"),
                })?,
            };
            let device = self.device_of(&lanes).map(str::to_owned);
            ports.push((n, PortProfile { lanes, speed, device }));
        }
        self.take_ports(ports)
    }

    /// Takes ports by the lines that they stand in.
    fn take_ports(&mut self, ports: Vec<(usize, PortProfile)>) -> Result<(), ProfileError> {
        let (lines, ports): (Vec<usize>, Vec<_>) = ports.into_iter().unzip();
        let highest = ports.iter().flat_map(|p| &p.lanes).copied().max().unwrap_or(0);
        let before = (std::mem::replace(&mut self.port, ports), self.chip.lanes);
        self.chip.lanes = self.chip.lanes.max(highest);
        self.check().map_err(|error| {
            (self.port, self.chip.lanes) = before;
            match error {
                ProfileError::Value { key, reason, .. } => {
                    let of = key.strip_prefix("port[").and_then(|rest| rest.split_once("]."));
                    let line = of.and_then(|(n, _)| lines.get(n.parse::<usize>().ok()?).copied());
                    let key = of.map_or(key.as_str(), |(_, field)| field).to_owned();
                    ProfileError::Value { line, key, reason }
                }
                other => other,
            }
        })
    }
}

/// The lines with content, numbered from 1.
fn content(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(n, l)| (n + 1, l.trim()))
        .filter(|(_, l)| !l.is_empty() && !l.starts_with(['#', ';']))
}

fn parse_lanes(line: usize, text: &str) -> Result<Vec<u32>, ProfileError> {
    text.split(',')
        .map(|l| {
            l.trim().parse().map_err(|_| ProfileError::Line { line, reason: format!("'{l}' is no lane") })
        })
        .collect()
}
