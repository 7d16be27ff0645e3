-- Puts the tap on a stereo and a mono track of a new session, or opens that session again; then tells what its outputs
-- hold: name of the track, instrument, confidence, connected, dropped, stream.

local folder = os.getenv("TAP_SESSION")
local port = tonumber(os.getenv("TAP_PORT"))
local duration_s = tonumber(os.getenv("TAP_SECONDS"))
local session
local OUTPUTS = { 3, 4, 5, 6, 7 }

local function add_track(name, channels)
  session:new_audio_track(
    channels, channels, nil, 1, name, ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true)
  local route = session:route_by_name(name)
  local variant = channels == 1 and "mono" or "stereo"
  local tap = ARDOUR.LuaAPI.new_plugin(session, "urn:instrument-tagger:tap:" .. variant, ARDOUR.PluginType.LV2, "")
  route:add_processor_by_index(tap, 0, nil, true)
  ARDOUR.LuaAPI.set_processor_param(tap, 0, port)
  route:to_track():monitoring_control():set_value(1, PBD.GroupControlDisposition.NoGroup)
  for channel = 0, channels - 1 do
    route:input():audio(channel):connect("system:capture_" .. (channel + 1))
  end
end

local backend = AudioEngine:set_backend("None (Dummy)", "", "")
backend:set_device_name("Sine Wave 1K, 1/3 Oct")
if os.getenv("TAP_NEW") then
  session = create_session(folder, "taps", 48000)
  add_track("Both", 2)
  add_track("One", 1)
else
  session = load_session(folder, "taps")
end

sleep(duration_s)
for route in session:get_routes():iter() do
  local plugin = route:nth_plugin(0)
  if not plugin:isnil() then
    local told = { route:name() }
    for _, output in ipairs(OUTPUTS) do
      told[#told + 1] = ARDOUR.LuaAPI.get_plugin_insert_param(plugin:to_insert(), output, true)
    end
    print("TAP " .. table.concat(told, " "))
  end
end
session:save_state("")
close_session()
quit()
