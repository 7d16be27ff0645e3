-- A new session with two tracks that have their default names and one that has not, the tap on the second one where it is
-- asked for; or that session again, until a file is there, but no longer than 40 s. Then it tells what the tap shows.

local folder, enough = os.getenv("SESSION"), os.getenv("UNTIL")
local backend = AudioEngine:set_backend("None (Dummy)", "", "")
backend:set_device_name(os.getenv("TAP_PORT") and "Sine Wave 1K, 1/3 Oct" or "Silence")
local session
if enough then
  session = load_session(folder, "live")
  if os.getenv("TAP_PORT") then
    local track = session:route_by_name("Audio 2")
    track:to_track():monitoring_control():set_value(1, PBD.GroupControlDisposition.NoGroup)
    track:input():audio(0):connect("system:capture_1")
  end
  for _ = 1, 40 do
    if io.open(enough) then break end
    sleep(1)
  end
else
  session = create_session(folder, "live", 48000)
  for _, name in ipairs({ "Audio", "Audio", "Guitar solo" }) do
    session:new_audio_track(
      1, 2, nil, 1, name, ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true)
  end
  if os.getenv("TAP_PORT") then
    local track = session:route_by_name("Audio 2")
    local tap = ARDOUR.LuaAPI.new_plugin(session, "urn:instrument-tagger:tap:mono", ARDOUR.PluginType.LV2, "")
    track:add_processor_by_index(tap, 0, nil, true)
    ARDOUR.LuaAPI.set_processor_param(tap, 0, tonumber(os.getenv("TAP_PORT")))
  end
end
for route in session:get_routes():iter() do
  local tap = route:nth_plugin(0)
  if enough and not tap:isnil() then
    print("TAP", ARDOUR.LuaAPI.get_plugin_insert_param(tap:to_insert(), 3, true))
  end
end
session:save_state("")
close_session()
quit()
